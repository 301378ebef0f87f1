import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Place } from './contender.ts';
import { changeFolders } from './data-set.ts';
import { type Measurement, run } from './measure.ts';
import { measureOne, type RowResult, type RowTask, resultOf } from './rows.ts';

/** How many snapshots are searched, or compared the first with the last; no folder is the same in two of them. */
const snapshots = 5;

/** Measures `find` of a name that every folder has, in all snapshots. */
export async function measureFind(task: RowTask): Promise<RowResult[]> {
  return await measureSearch(task, () => ['find', 'file-50']);
}

/** Measures `diff` of the first snapshot and the last. */
export async function measureDiff(task: RowTask): Promise<RowResult[]> {
  return await measureSearch(task, (ids) => ['diff', ids.at(0) ?? '', ids.at(-1) ?? '']);
}

async function measureSearch(
  task: RowTask,
  words: (ids: readonly string[]) => readonly string[],
): Promise<RowResult[]> {
  await using stack = new AsyncDisposableStack();
  const measurements = new Map<Contender, Measurement[]>();
  const places = new Map<Contender, Place>();
  for (const contender of task.contenders) {
    places.set(contender, stack.use(await contender.open(mkdtempSync(join(task.directory, 'place-')))));
    measurements.set(contender, []);
  }
  for (let round = 0; round < snapshots; round++) {
    for (const set of task.data) changeFolders(set, round);
    for (const place of places.values())
      await run(place.command(['backup', ...task.data.map(({ path }) => path)]));
  }
  for (let count = 0; count < task.runs; count++)
    for (const [contender, place] of places) {
      const command = place.command(words(await idsIn(place)));
      await measureOne(task, contender, place, command, measurements);
    }
  return task.contenders.map((contender) =>
    resultOf(task, contender, measurements, places.get(contender)?.storedBytes() ?? 0),
  );
}

/** The oldest first. */
async function idsIn(place: Place): Promise<readonly string[]> {
  const listed = JSON.parse(await run(place.command(['snapshots', '--json']))) as readonly { id: string }[];
  return listed.map(({ id }) => id);
}
