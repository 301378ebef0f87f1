import { isDeepStrictEqual } from 'node:util';
import { HoldfastError, ownUser } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Snapshot, SnapshotSummary } from '../format/snapshot.ts';
import type { Repository } from '../repository.ts';
import { findParent, type StoredSnapshot } from '../stored-snapshots.ts';
import { nowNs, type Origin, thisMachine } from '../this-machine.ts';
import { adoptPacks } from './adopt-packs.ts';
import {
  ArchiveCounts,
  type ArchiveOptions,
  type ArchiveSummary,
  BaseUnusable,
  Changes,
  type Totals,
} from './archive-options.ts';
import { type LostContent, loadStoredIndex } from './known-blobs.ts';
import type { WalkRequest } from './messages.ts';
import { Pipeline } from './pipeline.ts';
import { TreeWalker } from './tree-walker.ts';
import { WalkAhead } from './walk-ahead.ts';

/** What a snapshot says beside its tree and what the backup did. */
interface Frame {
  readonly origin: Origin;
  readonly startNs: bigint;
  readonly paths: readonly string[];
  readonly parent: ObjectId | undefined;
}

/**
 * Saves `paths` as a new snapshot, compared with the last one of the same host and paths. What cannot be read is
 * reported and left out; `nothing_saved`, and no snapshot, when that or the patterns leave no file at all. At every moment the repository is sound: packs, then indexes, then the snapshot are stored, and
 * whatever stops it in between leaves packs that the next run finds.
 */
export async function archive(repository: Repository, options: ArchiveOptions): Promise<ArchiveSummary> {
  try {
    return await archiveOnce(repository, options);
  } catch (error) {
    if (!(error instanceof BaseUnusable)) throw error;
    const { since: _, ...whole } = options;
    return await archiveOnce(repository, whole);
  }
}

async function archiveOnce(repository: Repository, options: ArchiveOptions): Promise<ArchiveSummary> {
  const startNs = nowNs(repository.clock);
  const origin = { ...thisMachine(), ...given(options) };
  const cancel = options.signal && { signal: options.signal };
  const changes = new Changes();
  // First of all: it walks while the repository is locked and its indexes are read.
  await using ahead = new WalkAhead(walkRequest(options), changes);
  const { retryForMs, onWaiting } = options;
  await using lock = await repository.lockEarly({ ...origin, ...cancel, retryForMs, onWaiting });
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  signal.addEventListener('abort', () => changes.fail(signal.reason));
  lock.onFailure((error) => stop.abort(error));
  const { onFuture, damagedPacks: damaged = [], isOffline = false } = options;
  const [{ index, packs, lost }, snapshots] = await Promise.all([
    loadStoredIndex(repository, { signal, damaged, isOffline }),
    repository.snapshots({ signal, onFuture }),
  ]);
  const counts = new ArchiveCounts();
  const onContent = (bytes: number): void => {
    counts.addContent(bytes);
    options.onProgress?.(counts.progress);
  };
  const pipeline = new Pipeline(repository, index, { changes, signal, mayWrite: lock.held, lost, onContent });
  try {
    await adoptPacks(repository, { index, packs }, { writer: pipeline.indexWriter, signal });
    const paths = savedPaths(options);
    const parent = parentIn(snapshots, { hostname: origin.hostname, paths }, options);
    const known = options.isReread === true ? undefined : parent?.tree;
    const walker = new TreeWalker({ repository, ahead, index, pipeline, changes, counts, options });
    const tree = await walker.save(known, signal);
    checkSomething(counts, options);
    await pipeline.flush();
    await lock.held;
    const frame = { origin, startNs, paths, parent: parent?.id };
    const totals = options.since === undefined ? undefined : totalsSince(counts, parent);
    const summary = summarise(counts, pipeline, { startNs, endNs: nowNs(repository.clock), totals });
    const { unreadable, dirsKept } = counts;
    const isSkipped = options.isSkippedUnchanged === true && parent?.tree === tree;
    const snapshotId = isSkipped
      ? parent.id
      : await repository.saveSnapshot(snapshotOf(frame, tree, summary, options), { signal });
    return toResult(summary, { snapshotId, isSkipped, parent: parent?.id, dirsKept, unreadable, lost });
  } finally {
    stop.abort();
    await pipeline.close();
  }
}

/** What is compared with. @throws BaseUnusable when that is to be a snapshot that is none of the same */
function parentIn(
  snapshots: readonly StoredSnapshot[],
  group: { readonly hostname: string; readonly paths: readonly string[] },
  { since, excludes = [] }: ArchiveOptions,
): StoredSnapshot | undefined {
  if (since === undefined) return findParent(snapshots, group);
  const base = snapshots.filter(({ id }) => id === since.base);
  const isSame = base.some((snapshot) => isDeepStrictEqual(snapshot.excludes ?? [], excludes));
  const found = isSame ? findParent(base, group) : undefined;
  if (found === undefined) throw new BaseUnusable(since.base);
  return found;
}

function savedPaths({ paths, stream }: ArchiveOptions): string[] {
  return stream === undefined ? paths.map((path) => Buffer.from(path).toString()) : [`/${stream.name}`];
}

function walkRequest({
  paths,
  excludes = [],
  excludeCaches = false,
  forbidden = [],
  leftOut,
  since,
  stream,
}: ArchiveOptions): Omit<WalkRequest, 'taken'> {
  return {
    paths: stream === undefined ? paths : [],
    exclude: excludes,
    excludeCaches,
    forbidden,
    limit: since?.limit,
    ...leftOut,
  };
}

function given({ hostname, username }: ArchiveOptions): Partial<Origin> {
  return { ...(hostname !== undefined && { hostname }), ...(username !== undefined && { username }) };
}

/** A snapshot of nothing but folders is right only where there is nothing else. */
function checkSomething(counts: ArchiveCounts, { excludes = [] }: ArchiveOptions): void {
  const { files, others, dirsKept, unreadable, excluded, forbidden } = counts;
  if (files + others + dirsKept > 0 || unreadable + excluded + forbidden === 0) return;
  const causes = [
    ...(forbidden > 0 ? ['what was named is never saved'] : []),
    ...(excluded > 0 ? [`the patterns ${excludes.join(' ')} leave out everything`] : []),
    ...(unreadable > 0 ? ['what there is could not be read'] : []),
  ];
  throw new HoldfastError('nothing_saved', `no file is left to be saved: ${causes.join(', and ')}`, {
    hint: 'correct the paths or the patterns, or run it as a user who may read them',
  });
}

/** @throws BaseUnusable when what the base says it holds cannot be */
function totalsSince(counts: ArchiveCounts, base: StoredSnapshot | undefined): Totals {
  const { summary } = base ?? {};
  const totals = summary && counts.since(totalsOf(summary));
  if (totals !== undefined && totals.files >= counts.files && totals.bytes >= counts.bytesProcessed)
    return totals;
  throw new BaseUnusable(base?.id ?? 'none');
}

function totalsOf(summary: SnapshotSummary): Totals {
  return {
    files: summary.totalFilesProcessed,
    bytes: summary.totalBytesProcessed,
    dirs: summary.dirsNew + summary.dirsChanged + summary.dirsUnmodified,
  };
}

/** What was not looked at counts as what it is: unmodified. */
function summarise(
  counts: ArchiveCounts,
  { stored }: Pipeline,
  {
    startNs,
    endNs,
    totals,
  }: { readonly startNs: bigint; readonly endNs: bigint; readonly totals: Totals | undefined },
): SnapshotSummary {
  const { filesNew, filesChanged, dirsNew, dirsChanged } = counts;
  const files = totals?.files ?? counts.files;
  const dirs = totals?.dirs ?? dirsNew + dirsChanged + counts.dirsUnmodified;
  return {
    backupStartNs: startNs,
    backupEndNs: endNs,
    filesNew,
    filesChanged,
    filesUnmodified: files - filesNew - filesChanged,
    dirsNew,
    dirsChanged,
    dirsUnmodified: dirs - dirsNew - dirsChanged,
    dataBlobs: stored.dataBlobs,
    treeBlobs: stored.treeBlobs,
    dataAdded: stored.bytesAdded,
    dataAddedPacked: stored.bytesAddedPacked,
    totalFilesProcessed: files,
    totalBytesProcessed: totals?.bytes ?? counts.bytesProcessed,
  };
}

function snapshotOf(frame: Frame, tree: BlobId, summary: SnapshotSummary, options: ArchiveOptions): Snapshot {
  const uid = ownUser();
  const gid = process.getgid?.();
  return {
    timeNs: options.timeNs ?? frame.startNs,
    ...(frame.parent && { parent: frame.parent }),
    tree,
    paths: frame.paths,
    ...frame.origin,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    excludes: options.excludes,
    tags: options.tags,
    summary,
  };
}

function toResult(
  summary: SnapshotSummary,
  {
    lost,
    ...rest
  }: Pick<ArchiveSummary, 'snapshotId' | 'isSkipped' | 'parent' | 'dirsKept' | 'unreadable'> & {
    readonly lost: LostContent;
  },
): ArchiveSummary {
  const { totalBytesProcessed, dataAdded, dataAddedPacked, ...counts } = summary;
  return {
    ...counts,
    ...rest,
    bytesProcessed: totalBytesProcessed,
    bytesAdded: dataAdded,
    bytesAddedPacked: dataAddedPacked,
    blobsMended: lost.mended,
    blobsMissing: lost.missing,
  };
}
