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
import {
  type DataSet,
  makeHistory,
  makeLarge,
  makeMany,
  makeOne,
  makeSmall,
  makeSparse,
} from './data-set.ts';
import { holdfastServerContenders } from './holdfast-server.ts';
import { measureKills } from './kills.ts';
import { LineProxy } from './line-proxy.ts';
import { localContenders } from './local-contenders.ts';
import { run } from './measure.ts';
import { type BenchOptions, type PlaceName, parseOptions, type RowName, rowsAt, usage } from './options.ts';
import { renderPage } from './page.ts';
import { measurePrune } from './prune-row.ts';
import { resticWithRclone } from './rclone-contender.ts';
import { restics } from './restic-words.ts';
import {
  measureChanged,
  measureCheck,
  measureFirstBackup,
  measureRestore,
  measureRestoreOne,
  measureUnchanged,
  type RowResult,
  type RowTask,
} from './rows.ts';
import { measureDiff, measureFind } from './search-rows.ts';
import { renderDetails, renderTable } from './table.ts';
import { renderTransport, renderTransportTables, transportHeading } from './transport-page.ts';
import { measureTransport, type TransportResults } from './transport-rows.ts';

const measureRow: Readonly<Record<RowName, (task: RowTask) => Promise<RowResult[]>>> = {
  large: measureFirstBackup,
  one: measureFirstBackup,
  small: measureFirstBackup,
  unchanged: measureUnchanged,
  rescan: measureUnchanged,
  sparse: measureChanged,
  restore: measureRestore,
  'restore-small': measureRestore,
  'restore-one': measureRestoreOne,
  check: measureCheck,
  find: measureFind,
  diff: measureDiff,
  prune: measurePrune,
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
  const onRun = (row: string, contender: string, perSecond: number) =>
    console.error(`${row}   ${contender}   ${perSecond.toFixed(0)} a second`);
  const task = { ...options, built, directory, onRun };
  const authority = await measureAuthority(options.authorityRows, task);
  if (options.authorityRows.length > 0) console.log(renderAuthorityTables(authority));
  const transport = await measureTransport(options.transportRows, {
    ...task,
    onRun: (row, what, figure) => console.error(`${row}   ${what}   ${figure}`),
  });
  if (options.transportRows.length > 0) console.log(renderTransportTables(transport));
  if (options.write) writePage(results, kills, { options, authority, transport });
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
      if (rowsAt[place]?.includes(row) === false) continue;
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
  const network = stack.use(await Network.start(join(directory, `server-${place}`), built.launcher));
  const isLine = place === 'line';
  const line = isLine ? stack.use(await LineProxy.open(network.port)) : undefined;
  const withRclone = restics().map((restic) => resticWithRclone(restic, isLine));
  return [...holdfastServerContenders(built, network, line), ...withRclone];
}

/** Has each contender back up an empty folder: programs and Node's compile cache are warm from then on. */
async function warmUp(contenders: readonly Contender[], directory: string): Promise<void> {
  const nothing = mkdtempSync(join(directory, 'nothing-'));
  for (const contender of contenders) {
    await using place = await contender.open(mkdtempSync(join(directory, 'place-')));
    await run(place.command(['backup', nothing]));
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
  const large = make('large', ['large', 'unchanged', 'restore', 'restore-one', 'check'], makeLarge);
  const one = make('one', ['one'], makeOne);
  const small = make(
    'small',
    ['small', 'unchanged', 'restore', 'restore-small', 'restore-one', 'check', 'find', 'diff'],
    makeSmall,
  );
  const rescan = make('many', ['rescan'], makeMany);
  const sparse = make('sparse', ['sparse'], makeSparse);
  const history = make('history', ['prune'], makeHistory);
  execFileSync('sync');
  const both = [...large, ...small];
  return {
    large,
    one,
    small,
    unchanged: both,
    rescan,
    sparse,
    restore: both,
    'restore-small': small,
    'restore-one': both,
    check: both,
    find: small,
    diff: small,
    prune: history,
  };
}

/** What was measured beside backups. */
interface OtherResults {
  readonly options: BenchOptions;
  readonly authority: AuthorityResults;
  readonly transport: TransportResults;
}

/** Writes the parts of the page whose rows were measured; the others stay as they are. */
function writePage(
  results: readonly RowResult[],
  kills: readonly string[],
  { options, authority, transport }: OtherResults,
): void {
  const path = join(import.meta.dirname, '../docs/benchmark.md');
  const [first = '', authorityPart, transportPart] = partsOf(readFileSync(path, 'utf8'));
  const parts = [
    results.length > 0 ? renderPage(results, options, kills) : first,
    options.authorityRows.length > 0 ? renderAuthority(authority, options) : authorityPart,
    options.transportRows.length > 0 ? renderTransport(transport, options) : transportPart,
  ];
  writeFileSync(path, `${parts.flatMap((part) => part?.trim() ?? []).join('\n\n')}\n`);
  console.error(`wrote ${path}`);
}

/** The page's parts: about backups, the authority, connections; undefined where there is none yet. */
function partsOf(page: string): (string | undefined)[] {
  const starts = [0, page.indexOf(authorityHeading), page.indexOf(transportHeading)];
  return starts.map((start, index) => {
    const end = starts.slice(index + 1).find((next) => next >= 0);
    return start < 0 ? undefined : page.slice(start, end);
  });
}

if (process.argv.includes('--help')) console.log(usage);
else await main(parseOptions(process.argv.slice(2)));
