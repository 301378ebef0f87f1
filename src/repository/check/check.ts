import { type Bytes, forEachLimited, freeBytes, isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore } from '../../storage/index.ts';
import { idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { parseKeyFile } from '../format/key-file.ts';
import { packEntrySize, packOverhead } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import { ReaderPool } from '../restore/reader-pool.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { type CheckProblem, CheckReport, DamagedPacks, LostBlobs, TreeCheck } from './check-report.ts';
import { PackInspector, type UnitRun } from './pack-inspector.ts';

export interface CheckOptions {
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
  const { signal: stop, onProblem = () => {}, onProgress = () => {} } = options;
  await using lock = await repository.lock(stop ? { signal: stop } : {});
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const report = new CheckReport(onProblem);
  if (repository.configDamage !== undefined) report.error('config', 'config', repository.configDamage);
  await checkKeys(repository.store, report, { signal });
  // In the order of reading: what a snapshot needs was stored before it, and so is seen after it.
  const snapshots = await readSnapshots(repository, report, signal);
  const index = await readIndex(repository, report, signal);
  const lost = new LostBlobs(index);
  const damaged = new DamagedPacks(index, lost, report);
  const stored = await repository.store.list('data', { signal });
  const packs = checkPackSizes(index, stored, { lost, damaged, report });
  const trees = new TreeCheck(repository, index, lost, report);
  const totalBytes = options.readData ? packs.reduce((sum, pack) => sum + pack.size, 0) : 0;
  let bytesRead = 0;
  const tell = (): void => onProgress({ files: trees.files, bytes: bytesRead, totalBytes });
  const onPack = (pack: ObjectInfo): void => {
    bytesRead += pack.size;
    tell();
  };
  if (options.readData) await checkPackData(repository, { index, packs, lost }, damaged, { signal, onPack });
  for (const snapshot of snapshots) {
    await trees.check(snapshot, { signal });
    tell();
  }
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
  markLost(index, sizes, lost);
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
    const blob = index.locationAt(slot);
    bytes[number] = (bytes[number] ?? 0) + blob.length + packEntrySize(blob);
    (blob.type === 'tree' ? trees : data)[number] = 1;
  }
  return { bytes, trees, data };
}

function markLost(index: BlobIndex, sizes: ReadonlyMap<ObjectId, number>, lost: LostBlobs): void {
  for (let slot = 0; slot < index.size; slot++) {
    const { pack, offset, length } = index.locationAt(slot);
    if (offset + length > (sizes.get(pack) ?? 0)) lost.mark(slot);
  }
}

/** Each has one stretch with the readers at most: two in each of them, so that none waits. */
const concurrentPacks = 4;

/**
 * Reads every byte of the packs: main reads and hashes them whole, and workers open what is in them. What is wrong with one is
 * reported and its lost blobs are marked; then comes the next.
 */
async function checkPackData(
  repository: Repository,
  checked: { readonly index: BlobIndex; readonly packs: readonly ObjectInfo[]; readonly lost: LostBlobs },
  damaged: DamagedPacks,
  options: { readonly signal?: AbortSignal; readonly onPack: (pack: ObjectInfo) => void },
): Promise<void> {
  const { index, packs, lost } = checked;
  const { signal, onPack } = options;
  const { slots, starts } = index.slotsByPack();
  await using pool = new ReaderPool(repository.masterKey);
  await forEachLimited(packs, concurrentPacks, async (pack) => {
    const number = index.packNumber(pack.name);
    const own = slots.subarray(starts[number], starts[number + 1]);
    try {
      const inspector = new PackInspector(repository.cipher, pack, { index, slots: own });
      const open = async (units: UnitRun): Promise<void> =>
        inspector.take(units, await pool.run(units.run, 'compare', signal));
      const stream = await repository.store.stream(
        { type: 'data', name: pack.name },
        signal ? { signal } : {},
      );
      for await (const chunk of stream) {
        const full = inspector.push(chunk as Bytes);
        freeBytes(chunk as Bytes);
        for (const units of full) await open(units);
      }
      for (const units of inspector.rest()) await open(units);
      const { problems, lost: lostHere } = inspector.finish();
      for (const blob of lostHere) lost.mark(own[blob] ?? 0);
      for (const problem of problems) damaged.add(pack.name, problem);
    } catch (error) {
      // One file that cannot be read says nothing about the others; a lost connection does.
      if (!isHoldfastError(error, 'object_not_found', 'object_corrupt', 'storage_failed')) throw error;
      for (const slot of own) lost.mark(slot);
      damaged.add(pack.name, `pack ${pack.name} cannot be read: ${error.message}`);
    }
    onPack(pack);
  });
}
