import { isHoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { LostContent } from '../archive/known-blobs.ts';
import { IndexWriter } from '../archive/pack-uploader.ts';
import { checkPackData } from '../check/check-pack-data.ts';
import { CheckReport, DamagedPacks, LostBlobs } from '../check/check-report.ts';
import { NewPacks } from '../copy/new-packs.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { encodeSnapshot, type Snapshot } from '../format/snapshot.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions } from '../repository-lock.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import type { SnapshotFilter } from '../snapshot-filter.ts';
import type { SnapshotListOptions, StoredSnapshot } from '../stored-snapshots.ts';
import { type RepairedPath, TreeRepair } from './tree-repair.ts';

/** Which snapshots are repaired, and how. */
export interface RepairSnapshotsOptions
  extends Pick<SnapshotListOptions, 'signal' | 'onFuture'>,
    Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Names as `findSnapshots` takes them; all that the filter lets through where there is none. */
  readonly names: readonly string[];
  readonly filter: SnapshotFilter;
  /** Packs that are known not to be as they were written: each is read, to see what of it is left. */
  readonly damagedPacks: readonly ObjectId[];
  /** The damaged ones go. */
  readonly forget: boolean;
  /** Nothing is written and nothing removed. */
  readonly dryRun: boolean;
  /** Told of each thing that a snapshot has no more. */
  readonly onPath: (snapshot: StoredSnapshot, repaired: RepairedPath) => void;
}

/** What became of a snapshot. */
export interface RepairedSnapshot {
  readonly before: StoredSnapshot;
  /** Without what is lost it was stored anew; or nothing of it can be read. */
  readonly outcome: 'repaired' | 'lost';
  /** Of the new one, where one was stored. */
  readonly id?: ObjectId;
  /** Whether the damaged one is there no more. */
  readonly removed: boolean;
}

/** What was repaired. */
export interface RepairSnapshotsSummary {
  readonly snapshots: readonly RepairedSnapshot[];
  /** How many lack nothing. */
  readonly sound: number;
}

/** What marks a snapshot that was repaired, as by restic. */
const repairedTag = 'repaired';

/**
 * Makes, of each snapshot that lacks something, one without that: a file without the pieces that are lost, an empty folder for one that
 * cannot be read. What is lost is what no index has, lies in no pack, or does not open in a pack that is known to be damaged. The new one is stored before the old one goes.
 * It holds an exclusive lock.
 */
export async function repairSnapshots(
  repository: Repository,
  options: RepairSnapshotsOptions,
): Promise<RepairSnapshotsSummary> {
  const { signal: stop, retryForMs, onWaiting, dryRun, names, filter, onFuture } = options;
  await using lock = await repository.lock({ exclusive: !dryRun, signal: stop, retryForMs, onWaiting });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const snapshots = await repository.findSnapshots(names, { ...filter, signal, onFuture });
  const index = await repository.loadIndex({ signal });
  const lost = await findLost(repository, index, { damagedPacks: options.damagedPacks, signal });
  const writer = new IndexWriter(repository, { signal, mayWrite: Promise.resolve(), lost: LostContent.none });
  const packs = new NewPacks(repository, { writer, signal });
  const trees = new TreeRepair(repository, { index, lost, packs: dryRun ? undefined : packs, signal });
  const damaged: { readonly before: StoredSnapshot; readonly tree: BlobId | undefined }[] = [];
  for (const before of snapshots) {
    const tree = await trees.repair(before.tree, (path) => options.onPath(before, path));
    if (tree !== before.tree) damaged.push({ before, tree });
  }
  // All that the new ones need is there before any of them is.
  await packs.flush();
  const done: RepairedSnapshot[] = [];
  for (const { before, tree } of damaged)
    done.push(
      tree === undefined
        ? await giveUp(repository, before, { ...options, signal })
        : await replace(repository, before, { ...options, tree, signal }),
    );
  return { snapshots: done, sound: snapshots.length - done.length };
}

async function findLost(
  repository: Repository,
  index: BlobIndex,
  { damagedPacks, signal }: Pick<RepairSnapshotsOptions, 'damagedPacks'> & { readonly signal: AbortSignal },
): Promise<LostBlobs> {
  const lost = new LostBlobs(index);
  const stored = await repository.store.list('data', { signal });
  lost.markShort(new Map(stored.map(({ name, size }) => [name, size])));
  const wanted = new Set(damagedPacks);
  const packs = stored.filter(({ name }) => wanted.has(name) && index.hasPack(name));
  if (packs.length === 0) return lost;
  await using pool = new ReaderPool(repository.masterKey);
  const damaged = new DamagedPacks(index, lost, new CheckReport(() => {}));
  await checkPackData({ repository, index, packs, pool, lost, damaged, signal, onPack: () => {} });
  return lost;
}

type Choice = Pick<RepairSnapshotsOptions, 'forget' | 'dryRun'> & { readonly signal: AbortSignal };

/** Nothing of it can be read: it goes where that was asked for. */
async function giveUp(
  repository: Repository,
  before: StoredSnapshot,
  { forget, dryRun, signal }: Choice,
): Promise<RepairedSnapshot> {
  if (!forget || dryRun) return { before, outcome: 'lost', removed: forget };
  const removed = await repository.files.remove('snapshots', before.id, { signal }).then(
    () => true,
    (error: unknown) => {
      if (isHoldfastError(error, 'append_only', 'retention_locked', 'trash_exceeded')) return false;
      throw error;
    },
  );
  return { before, outcome: 'lost', removed };
}

async function replace(
  repository: Repository,
  before: StoredSnapshot,
  { forget, dryRun, tree, signal }: Choice & Pick<Snapshot, 'tree'>,
): Promise<RepairedSnapshot> {
  if (dryRun) return { before, outcome: 'repaired', removed: forget };
  const { tags = [] } = before;
  const marked = forget || tags.includes(repairedTag) ? tags : [...tags, repairedTag];
  const snapshot = { ...before, tree, original: before.id, tags: marked };
  if (!forget) {
    const id = await repository.saveSnapshot(snapshot, { signal });
    return { before, outcome: 'repaired', id, removed: false };
  }
  const json = encodeSnapshot(snapshot);
  const { id, kept } = await repository.files.replaceSnapshot(before.id, json, { signal });
  return { before, outcome: 'repaired', id, removed: kept === undefined };
}
