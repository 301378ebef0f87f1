import { isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/index.ts';
import { idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { parseKeyFile } from '../format/key-file.ts';
import { packEntrySize, packOverhead } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions } from '../repository-lock.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { checkPackData } from './check-pack-data.ts';
import { type CheckProblem, CheckReport, DamagedPacks, LostBlobs, TreeCheck } from './check-report.ts';

export interface CheckOptions extends Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Also read every byte of every pack. */
  readonly readData?: boolean;
  readonly signal?: AbortSignal;
  /** Told of each problem as it is found. */
  readonly onProblem?: (problem: CheckProblem) => void;
  readonly onProgress?: (progress: CheckProgress) => void;
}

/** How far a check has come. Bytes are those of packs, and 0 of 0 unless data is read. */
interface CheckProgress {
  readonly files: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** What a check saw. */
export interface CheckSummary {
  readonly snapshots: number;
  readonly packs: number;
  readonly blobs: number;
  readonly trees: number;
  readonly files: number;
  /** Bytes of packs that were read. */
  readonly bytesRead: number;
  /** Packs that an index names and that are missing or not as they were written. */
  readonly damagedPacks: readonly ObjectId[];
  readonly errors: number;
  readonly hints: number;
}

/**
 * Checks a repository and reports everything that is wrong with it, from keys to the last file, without stopping at
 * the first: every snapshot, index and directory is read, every pack is there in its right size, and every blob that
 * a file needs is in one. With `readData` all packs are read too, and the files that damage in them costs are named.
 *
 * It holds a shared lock: backups may go on, since what they add is complete whenever it is seen.
 */
export async function check(repository: Repository, options: CheckOptions = {}): Promise<CheckSummary> {
  const { signal: stop, onProblem = () => {}, onProgress = () => {}, retryForMs, onWaiting } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(stop ? [stop] : [])]);
  // Threads start while the lock becomes certain.
  await using pool = options.readData ? new ReaderPool(repository.masterKey) : undefined;
  await using lock = await repository.lockEarly({ signal: stop, retryForMs, onWaiting });
  lock.onFailure((error) => ended.abort(error));
  const report = new CheckReport(heldBack(onProblem, lock.held));
  if (repository.configDamage !== undefined) report.error('config', 'config', repository.configDamage);
  await checkKeys(repository.store, report, { signal });
  // In the order of reading: what a snapshot needs was stored before it, and so is seen after it.
  const snapshots = await readSnapshots(repository, report, signal);
  const index = await readIndex(repository, report, signal);
  const lost = new LostBlobs(index);
  const damaged = new DamagedPacks(index, lost, report);
  const stored = await repository.store.list('data', { signal });
  const packs = checkPackSizes(index, stored, { lost, damaged, report });
  const totalBytes = options.readData ? packs.reduce((sum, pack) => sum + pack.size, 0) : 0;
  const trees = new TreeCheck(repository, index, lost);
  let bytesRead = 0;
  const tell = (): void => onProgress({ files: trees.files, bytes: bytesRead, totalBytes });
  const onPack = (pack: ObjectInfo): void => {
    bytesRead += pack.size;
    tell();
  };
  const walk = (to: CheckReport): Promise<void> =>
    trees.checkAll(snapshots, to, { signal, onSnapshot: tell });
  if (!pool) await walk(report);
  else {
    const read = checkPackData({ repository, index, packs, pool, lost, damaged, signal, onPack });
    await walkBeside(read, walk, { lost, report, ended });
  }
  await lock.held;
  return {
    snapshots: snapshots.length,
    packs: stored.length,
    blobs: index.size,
    trees: trees.trees,
    files: trees.files,
    bytesRead,
    damagedPacks: damaged.names,
    errors: report.errors,
    hints: report.hints,
  };
}

/** Tells nothing before the lock is certain: what somebody else is removing is not damaged. */
function heldBack(tell: (problem: CheckProblem) => void, certain: Promise<unknown>): typeof tell {
  const waiting: CheckProblem[] = [];
  let isCertain = false;
  certain.then(
    () => {
      isCertain = true;
      for (const problem of waiting) tell(problem);
    },
    () => {},
  );
  return (problem) => {
    if (isCertain) tell(problem);
    else waiting.push(problem);
  };
}

/**
 * Walks the directories while packs are read. What the walk finds is told behind what reading does; where reading finds blobs
 * lost, that is known for it no sooner than at the end, and the walk is done again. One that fails ends both.
 */
async function walkBeside(
  reading: Promise<void>,
  walk: (to: CheckReport) => Promise<void>,
  { lost, report, ended }: { lost: LostBlobs; report: CheckReport; ended: AbortController },
): Promise<void> {
  const known = lost.count;
  const found: CheckProblem[] = [];
  const both = [reading, walk(new CheckReport((problem) => found.push(problem)))].map((work) =>
    work.catch((error: unknown) => {
      ended.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(both);
  await Promise.all(both);
  if (lost.count > known) await walk(report);
  else for (const problem of found) report.add(problem);
}

async function readSnapshots(
  repository: Repository,
  report: CheckReport,
  signal: AbortSignal,
): Promise<StoredSnapshot[]> {
  return repository.snapshots({
    signal,
    onDamaged: (id, error) => report.error('snapshot', id, error.message),
  });
}

async function readIndex(
  repository: Repository,
  report: CheckReport,
  signal: AbortSignal,
): Promise<BlobIndex> {
  return repository.loadIndex({
    signal,
    onDamaged: (name, { message }, packs) => {
      if (packs > 0) report.error('index', name, `${message}; ${packs} packs are in no other`);
      else report.hint('index', name, `${message}; every pack is in another`);
    },
    onRepeated: (pack, name, newBlobs) => {
      if (newBlobs === 0) report.hint('index', name, `index ${name} lists pack ${pack}, as another one does`);
      else report.error('index', name, `index ${name} lists pack ${pack} otherwise than another one does`);
    },
  });
}

/** Looks at every key file as far as one can without its password. */
async function checkKeys(
  store: ObjectStore,
  report: CheckReport,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  for (const { name } of await store.list('keys', options)) {
    try {
      const file = await store.read({ type: 'keys', name }, options);
      if (idOf(file) !== name) report.error('key', name, `key ${name} is damaged: SHA-256 differs`);
      else parseKeyFile(file, `key ${name}`);
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'storage_failed')) throw error;
      report.error('key', name, error.message);
    }
  }
}

/**
 * Compares the packs that are stored with those that the index names: each is there, and as large as its blobs and
 * their header. Blobs of packs that are missing or end before them are lost.
 *
 * @returns the packs that are both stored and in the index
 */
function checkPackSizes(
  index: BlobIndex,
  stored: readonly ObjectInfo[],
  { lost, damaged, report }: { lost: LostBlobs; damaged: DamagedPacks; report: CheckReport },
): ObjectInfo[] {
  const sizes = new Map<ObjectId, number>(stored.map((info) => [info.name, info.size]));
  const expected = expectedSizes(index);
  lost.markShort(sizes);
  for (let number = 0; number < index.packCount; number++) {
    const pack = index.packAt(number);
    const size = sizes.get(pack);
    if (size === undefined) damaged.add(pack, `pack ${pack} is missing`);
    else if (size !== expected.bytes[number]) {
      damaged.add(
        pack,
        `pack ${pack} has ${size} bytes, its blobs and header need ${expected.bytes[number]}`,
      );
    }
    if (expected.trees[number] && expected.data[number]) {
      report.hint('pack', pack, `pack ${pack} holds both directories and file contents`);
    }
  }
  return stored.filter(({ name }) => {
    if (!index.hasPack(name)) report.unlisted(name);
    return index.hasPack(name);
  });
}

/** For each pack the size that follows from its blobs, and which types of blobs it has. */
function expectedSizes(index: BlobIndex): { bytes: Float64Array; trees: Uint8Array; data: Uint8Array } {
  const bytes = new Float64Array(index.packCount).fill(packOverhead);
  const trees = new Uint8Array(index.packCount);
  const data = new Uint8Array(index.packCount);
  for (let slot = 0; slot < index.size; slot++) {
    const number = index.packNumberAt(slot);
    bytes[number] = (bytes[number] ?? 0) + index.lengthAt(slot) + packEntrySize(index.isCompressedAt(slot));
    (index.isTree(slot) ? trees : data)[number] = 1;
  }
  return { bytes, trees, data };
}
