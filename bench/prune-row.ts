import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from './contender.ts';
import { changeHistory } from './data-set.ts';
import { type Measurement, measure, run } from './measure.ts';
import type { RowResult, RowTask } from './rows.ts';

/** How many snapshots there are, of which ten stay. */
export const historySnapshots = 200;
const pruning = ['forget', '--keep-last', '10', '--group-by', 'host', '--prune', '--max-unused', '0'];

/**
 * Measures `forget --prune` of a repository of many snapshots, half of whose bytes only those need that go; both halves lie side by
 * side in nearly every pack. Who makes the first of all repositories makes the history; each run has a copy of it.
 */
export async function measurePrune(task: RowTask): Promise<RowResult[]> {
  const [maker] = task.contenders;
  if (maker === undefined) throw new TypeError('nobody takes part');
  await using history = await maker.open(mkdtempSync(join(task.directory, 'place-')));
  for (let round = 0; round < historySnapshots; round++) {
    for (const set of task.data) changeHistory(set, round);
    await run(history.command(['backup', ...task.data.map(({ path }) => path)]));
  }
  const results: RowResult[] = [];
  const all = new Map<Contender, { measurements: Measurement[]; storedBytes: number }>();
  for (const contender of task.contenders) all.set(contender, { measurements: [], storedBytes: 0 });
  for (let count = 0; count < task.runs; count++)
    for (const [contender, figures] of all) {
      await using place = await contender.open(mkdtempSync(join(task.directory, 'place-')));
      copyRepository(history.directory, place.directory);
      execFileSync('sync');
      const measurement = await measure(place.command(pruning), place.servers);
      figures.measurements.push(measurement);
      figures.storedBytes = place.storedBytes();
      task.onRun(contender.name, measurement);
    }
  for (const [contender, figures] of all)
    results.push({
      row: task.row,
      place: task.place,
      contender: contender.name,
      isHoldfast: contender.isHoldfast,
      dataBytes: history.storedBytes(),
      ...figures,
    });
  return results;
}

/** Files of a repository are written once and removed whole, so that links do for copies. */
function copyRepository(from: string | undefined, to: string | undefined): void {
  if (from === undefined || to === undefined) throw new TypeError('the repository is in no directory');
  rmSync(to, { recursive: true });
  execFileSync('cp', ['-al', from, to]);
}
