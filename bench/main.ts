import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network } from '../test/rig/network.ts';
import { authorityHeading, renderAuthority } from './authority-page.ts';
import { type AuthorityResults, measureAuthority } from './authority-rows.ts';
import { renderAuthorityTables } from './authority-table.ts';
import { BuiltPackage } from './built-package.ts';
import type { Contender } from './contender.ts';
import { type DataSet, makeLarge, makeOne, makeSmall } from './data-set.ts';
import { holdfastServerContenders } from './holdfast-server.ts';
import { measureKills } from './kills.ts';
import { localContenders } from './local-contenders.ts';
import { run } from './measure.ts';
import { type BenchOptions, type PlaceName, parseOptions, type RowName, usage } from './options.ts';
import { renderPage } from './page.ts';
import { resticWithRclone } from './rclone-contender.ts';
import {
  measureFirstBackup,
  measureRestore,
  measureUnchanged,
  type RowResult,
  type RowTask,
} from './rows.ts';
import { renderDetails, renderTable } from './table.ts';

const measureRow: Readonly<Record<RowName, (task: RowTask) => Promise<RowResult[]>>> = {
  large: measureFirstBackup,
  one: measureFirstBackup,
  small: measureFirstBackup,
  unchanged: measureUnchanged,
  restore: measureRestore,
};

async function main(options: BenchOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const removeAll = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', removeAll);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const built = new BuiltPackage(join(directory, 'package'));
  const results = await measureRows(options, built, directory);
  if (results.length > 0) console.log(`${renderTable(results)}\n\n${renderDetails(results)}`);
  const { kills: rounds, seed, size } = options;
  const kills =
    rounds === 0
      ? []
      : await measureKills({ directory, rounds, seed, bytes: 500e6 * size, program: built.launcher });
  for (const sentence of kills) console.log(sentence);
  const authority = await measureAuthority(options.authorityRows, {
    ...options,
    built,
    directory,
    onRun: (row, contender, perSecond) =>
      console.error(`${row}   ${contender}   ${perSecond.toFixed(0)} a second`),
  });
  if (options.authorityRows.length > 0) console.log(renderAuthorityTables(authority));
  if (options.write) writePage(results, kills, { options, authority });
}

async function measureRows(
  options: BenchOptions,
  built: BuiltPackage,
  directory: string,
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  const data = makeDataSets(options, directory);
  for (const place of options.places) {
    await using stack = new AsyncDisposableStack();
    const contenders = await startContenders(place, built, directory, stack);
    await warmUp(contenders, directory);
    for (const row of options.rows) {
      const onRun = (name: string, { seconds }: { seconds: number }) =>
        console.error(`${row} ${place}   ${name}   ${seconds.toFixed(2)} s`);
      const task = { row, place, contenders, data: data[row], runs: options.runs, directory, onRun };
      results.push(...(await measureRow[row](task)));
    }
  }
  return results;
}

async function startContenders(
  place: PlaceName,
  built: BuiltPackage,
  directory: string,
  stack: AsyncDisposableStack,
): Promise<Contender[]> {
  if (place === 'local') return localContenders(built);
  const network = stack.use(await Network.start(join(directory, 'server'), built.launcher));
  return [...holdfastServerContenders(built, network), resticWithRclone];
}

/** Has each contender back up an empty folder: programs and Node's compile cache are warm from then on. */
async function warmUp(contenders: readonly Contender[], directory: string): Promise<void> {
  const nothing = mkdtempSync(join(directory, 'nothing-'));
  for (const contender of contenders) {
    await using place = await contender.open(mkdtempSync(join(directory, 'place-')));
    await run(place.backup([nothing]));
  }
}

/** Makes the data that the rows need, and no other, and brings it to disk. */
function makeDataSets(options: BenchOptions, directory: string): Record<RowName, DataSet[]> {
  mkdirSync(join(directory, 'data'));
  const make = (name: string, rows: readonly RowName[], maker: typeof makeLarge): DataSet[] => {
    if (!options.rows.some((row) => rows.includes(row))) return [];
    console.error(`making ${name}, seed ${options.seed}`);
    return [maker(join(directory, 'data', name), options.seed, options.size)];
  };
  const large = make('large', ['large', 'unchanged', 'restore'], makeLarge);
  const one = make('one', ['one'], makeOne);
  const small = make('small', ['small', 'unchanged', 'restore'], makeSmall);
  execFileSync('sync');
  return { large, one, small, unchanged: [...large, ...small], restore: [...large, ...small] };
}

/** Writes the parts of the page whose rows were measured; the others stay as they are. */
function writePage(
  results: readonly RowResult[],
  kills: readonly string[],
  { options, authority }: { readonly options: BenchOptions; readonly authority: AuthorityResults },
): void {
  const path = join(import.meta.dirname, '../docs/benchmark.md');
  const [present = '', ...rest] = readFileSync(path, 'utf8').split(authorityHeading);
  const first = results.length > 0 ? `${renderPage(results, options, kills)}\n` : `${present.trimEnd()}\n\n`;
  const last =
    options.authorityRows.length > 0
      ? renderAuthority(authority, options)
      : rest.map((text) => authorityHeading + text).join('');
  writeFileSync(path, `${(first + last).trimEnd()}\n`);
  console.error(`wrote ${path}`);
}

if (process.argv.includes('--help')) console.log(usage);
else await main(parseOptions(process.argv.slice(2)));
