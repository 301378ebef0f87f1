import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Place } from './contender.ts';
import { changeMegabyte, type DataSet } from './data-set.ts';
import { type BenchCommand, type Measurement, measure, run } from './measure.ts';
import type { PlaceName, RowName } from './options.ts';

/** What one contender did in one row. */
export interface RowResult {
  readonly row: RowName;
  readonly place: PlaceName;
  readonly contender: string;
  readonly isHoldfast: boolean;
  readonly dataBytes: number;
  readonly measurements: readonly Measurement[];
  /** Size of the repository at the end. */
  readonly storedBytes: number;
}

/** One row to be measured. */
export interface RowTask {
  readonly row: RowName;
  readonly place: PlaceName;
  readonly contenders: readonly Contender[];
  readonly data: readonly DataSet[];
  readonly runs: number;
  /** An existing folder for everything that comes and goes. */
  readonly directory: string;
  /** Told of every run as it ends. */
  readonly onRun: (contender: string, measurement: Measurement) => void;
}

/** Measures a first backup of `data`, each run into a new repository, the contenders taking turns. */
export async function measureFirstBackup(task: RowTask): Promise<RowResult[]> {
  const measurements = new Map<Contender, Measurement[]>(task.contenders.map((contender) => [contender, []]));
  const stored = new Map<Contender, number>();
  for (let count = 0; count < task.runs; count++) {
    for (const contender of task.contenders) {
      await using place = await contender.open(mkdtempSync(join(task.directory, 'place-')));
      await measureOne(task, contender, place, place.command(backupOf(task)), measurements);
      stored.set(contender, place.storedBytes());
    }
  }
  return task.contenders.map((contender) =>
    resultOf(task, contender, measurements, stored.get(contender) ?? 0),
  );
}

/** Measures backups of unchanged `data` that has been backed up once, the contenders taking turns. */
export async function measureUnchanged(task: RowTask): Promise<RowResult[]> {
  return await measurePrepared(task, { words: () => backupOf(task) });
}

/** The same of `data` of which one megabyte is changed before each round. */
export async function measureChanged(task: RowTask): Promise<RowResult[]> {
  const change = (round: number) => task.data.forEach((set) => changeMegabyte(set, round));
  return await measurePrepared(task, { words: () => backupOf(task), change });
}

/** Measures `check --read-data` of a repository with one backup of `data`, likewise. */
export async function measureCheck(task: RowTask): Promise<RowResult[]> {
  return await measurePrepared(task, { words: () => ['check', '--read-data'] });
}

/**
 * Measures restores of `data` into a folder that is made for each run, the contenders taking turns. In memory where
 * there is such a file system: ext4 searches long for inodes that were not deleted just before, which would count
 * against whoever restores after somebody else's files were removed.
 */
export async function measureRestore(task: RowTask): Promise<RowResult[]> {
  return await measureRestoreOf(task, []);
}

/** The same of one of the small files alone. */
export async function measureRestoreOne(task: RowTask): Promise<RowResult[]> {
  return await measureRestoreOf(task, ['--include', join(pathsOf(task).at(-1) ?? '', 'folder-0', 'file-50')]);
}

async function measureRestoreOf(task: RowTask, selection: readonly string[]): Promise<RowResult[]> {
  const target = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : task.directory, 'holdfast-restored-'),
  );
  const words = () => {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target);
    return ['restore', 'latest', '--target', target, ...selection];
  };
  return await measurePrepared(task, { words }).finally(() =>
    rmSync(target, { recursive: true, force: true }),
  );
}

/** What is measured on repositories that have one backup of the data. */
interface Prepared {
  /** The words of a command; asked for before each run. */
  readonly words: () => readonly string[];
  /** What happens to the data before each round. */
  readonly change?: (round: number) => void;
}

async function measurePrepared(task: RowTask, { words, change }: Prepared): Promise<RowResult[]> {
  await using stack = new AsyncDisposableStack();
  const measurements = new Map<Contender, Measurement[]>();
  const places = new Map<Contender, Place>();
  for (const contender of task.contenders) {
    const place = stack.use(await contender.open(mkdtempSync(join(task.directory, 'place-'))));
    await run(place.command(backupOf(task)));
    places.set(contender, place);
    measurements.set(contender, []);
  }
  for (let count = 0; count < task.runs; count++) {
    change?.(count);
    for (const [contender, place] of places)
      await measureOne(task, contender, place, place.command(words()), measurements);
  }
  return task.contenders.map((contender) =>
    resultOf(task, contender, measurements, places.get(contender)?.storedBytes() ?? 0),
  );
}

/** Measures a command once, with nothing of earlier ones still on its way to the disk. */
export async function measureOne(
  task: RowTask,
  contender: Contender,
  place: Place,
  command: BenchCommand,
  measurements: ReadonlyMap<Contender, Measurement[]>,
): Promise<void> {
  // What earlier runs wrote must not be written to disk during this one.
  execFileSync('sync');
  const measurement = await measure(command, place.servers);
  measurements.get(contender)?.push(measurement);
  task.onRun(contender.name, measurement);
}

function backupOf(task: RowTask): string[] {
  return ['backup', ...pathsOf(task)];
}

function pathsOf(task: RowTask): string[] {
  return task.data.map((set) => set.path);
}

/** What a contender did. */
export function resultOf(
  task: RowTask,
  contender: Contender,
  measurements: ReadonlyMap<Contender, readonly Measurement[]>,
  storedBytes: number,
): RowResult {
  return {
    row: task.row,
    place: task.place,
    contender: contender.name,
    isHoldfast: contender.isHoldfast,
    dataBytes: task.data.reduce((total, set) => total + set.bytes, 0),
    measurements: measurements.get(contender) ?? [],
    storedBytes,
  };
}
