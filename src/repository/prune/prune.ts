import { HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions } from '../repository-lock.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { type PruneFigures, type PrunePlan, type PruneRules, planPrune } from './plan-prune.ts';
import { repack } from './repack.ts';
import { removePacks, rewriteIndex } from './rewrite-index.ts';
import { findUsedBlobs } from './used-blobs.ts';

/** How a repository is pruned, and whom to tell. */
export interface PruneOptions extends PruneRules, Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Nothing is written and nothing removed. */
  readonly dryRun?: boolean;
  /** Snapshots that count as forgotten, for a dry run. */
  readonly without?: ReadonlySet<ObjectId>;
  readonly signal?: AbortSignal;
  /** Bytes of blobs that were copied, of all that are to be. */
  readonly onProgress?: (progress: { files: number; bytes: number; totalBytes: number }) => void;
}

/** What was pruned, or would be. */
export interface PruneSummary extends PruneFigures {
  /** Packs that nobody needs and that the storage did not remove this time; the next run does. */
  readonly keptPacks: number;
}

/**
 * Frees the space that no snapshot needs. First all that is needed is found, and whatever is in doubt ends it; then what stays of
 * packs that go is copied into new ones and these are listed; then the index says nothing of the old ones any more; and then these
 * go. So each moment at which it is stopped leaves a repository that is whole, and the next run goes on from there.
 *
 * It holds an exclusive lock: a backup that found a blob which goes now would lack it.
 *
 * @throws HoldfastError `repository_damaged` with nothing removed, when a snapshot, an index file or a directory cannot be read, or
 *   something that is needed is missing; `append_only` when the storage keeps all it has
 */
export async function prune(repository: Repository, options: PruneOptions): Promise<PruneSummary> {
  const { dryRun = false, signal: stop, retryForMs, onWaiting } = options;
  await using lock = await repository.lock({ exclusive: !dryRun, signal: stop, retryForMs, onWaiting });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const snapshots = await readSnapshots(repository, options.without, signal);
  const { index, repeated } = await readIndex(repository, signal);
  const stored = await repository.store.list('data', { signal });
  const used = await findUsedBlobs(repository, index, { trees: snapshots.map(({ tree }) => tree), signal });
  const plan = planPrune({ index, used, stored, version: repository.version }, options);
  const keptPacks = dryRun ? 0 : await execute(repository, { index, repeated, plan }, { ...options, signal });
  return { ...plan.figures, keptPacks };
}

async function readSnapshots(
  repository: Repository,
  without: ReadonlySet<ObjectId> = new Set(),
  signal: AbortSignal,
): Promise<StoredSnapshot[]> {
  const all = await repository.snapshots({
    signal,
    onDamaged: (id, { message }) => {
      if (without.has(id)) return;
      throw new HoldfastError(
        'repository_damaged',
        `${message}; nothing was removed, since nobody knows what it needs`,
        {
          hint: `bring it back from a copy of the repository; or holdfast forget ${id.slice(0, 8)} gives it up`,
        },
      );
    },
  });
  return all.filter(({ id }) => !without.has(id));
}

interface ReadIndex {
  readonly index: BlobIndex;
  /** Packs that several index files list, as a run that was interrupted leaves them. */
  readonly repeated: ReadonlySet<ObjectId>;
}

async function readIndex(repository: Repository, signal: AbortSignal): Promise<ReadIndex> {
  const repeated = new Set<ObjectId>();
  const onRepeated = (pack: ObjectId): void => void repeated.add(pack);
  const { index, damaged } = await repository.loadListedIndex({ signal, onRepeated });
  const [first] = damaged;
  if (first === undefined) return { index, repeated };
  throw new HoldfastError('repository_damaged', `${first.error.message}; nothing was removed`, {
    hint: 'holdfast repair index writes a new one in its place; then prune again',
  });
}

/** In the one order in which nothing that is needed is ever without a place that is listed. */
async function execute(
  repository: Repository,
  { index, repeated, plan }: ReadIndex & { readonly plan: PrunePlan },
  { signal, onProgress = () => {} }: PruneOptions & { readonly signal: AbortSignal },
): Promise<number> {
  const { unlisted, remove, repack: repacked, figures } = plan;
  const gone = [...remove, ...repacked].map((pack) => index.packAt(pack));
  if (unlisted.length + gone.length + repeated.size === 0) return 0;
  await checkRemovable(repository, signal);
  let kept = await removePacks(
    repository,
    unlisted.map(({ name }) => name),
    signal,
  );
  let bytes = 0;
  const onCopied = (copied: number): void => {
    bytes += copied;
    onProgress({ files: 0, bytes, totalBytes: figures.moved.bytes });
  };
  await repack(repository, index, plan, { signal, onCopied });
  if (gone.length + repeated.size > 0)
    await rewriteIndex(repository, { gone: new Set(gone), repeated }, signal);
  kept += await removePacks(repository, gone, signal);
  return kept;
}

const noObject = '0'.repeat(64) as ObjectId;

/** Asked before anything is copied: to remove what is not there succeeds wherever something may be removed. */
async function checkRemovable({ store }: Repository, signal: AbortSignal): Promise<void> {
  await store.remove({ type: 'index', name: noObject }, { signal });
}
