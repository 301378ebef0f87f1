import type { Measurement } from './measure.ts';
import { median } from './median.ts';
import { placeNames, rowNames } from './options.ts';
import type { RowResult } from './rows.ts';

const rowTitles = {
  large: 'first backup, large files',
  one: 'first backup, one large file',
  small: 'first backup, small files',
  unchanged: 'second backup, nothing changed',
  rescan: 'the same, a million files',
  sparse: 'second backup, sparse file',
  restore: 'restore',
  'restore-small': 'restore, small files',
  'restore-one': 'restore, one file of all',
  check: 'check --read-data',
  find: 'find in 5 snapshots, small files',
  diff: 'diff of two snapshots, small files',
  prune: 'forget --prune of 200 snapshots',
} as const;
const placeTitles = { local: 'directory', mtls: 'mutual TLS', line: 'TLS, long line' } as const;

/** The Markdown table of Holdfast against the faster of the other contenders, a line for each row and place. */
export function renderTable(results: readonly RowResult[]): string {
  const lines = rowNames.flatMap((row) =>
    placeNames.flatMap((place) => {
      const here = results.filter((result) => result.row === row && result.place === place);
      const ours = here.find((result) => result.isHoldfast);
      const [peer] = here.filter((result) => !result.isHoldfast).toSorted((a, b) => seconds(a) - seconds(b));
      return ours === undefined || peer === undefined ? [] : [tableLine(ours, peer)];
    }),
  );
  return align([
    [
      'row',
      'repository',
      'against',
      'restic s',
      'ours s',
      'restic ÷ ours',
      'stored ÷ restic’s',
      'CPU s/GB',
      'peak MB',
    ],
    ...lines,
  ]);
}

/** Every contender's figures, also those of the slower peer. */
export function renderDetails(results: readonly RowResult[]): string {
  const lines = results.map((result) => [
    rowTitles[result.row],
    placeTitles[result.place],
    result.contender,
    result.measurements.map((one) => one.seconds.toFixed(2)).join(' '),
    String(Math.round(result.storedBytes / 1e6)),
    cpu(result),
    memory(result),
  ]);
  return align([
    ['row', 'repository', 'contender', 'seconds of each run', 'stored MB', 'CPU s/GB', 'peak MB'],
    ...lines,
  ]);
}

function tableLine(ours: RowResult, peer: RowResult): string[] {
  return [
    rowTitles[ours.row],
    placeTitles[ours.place],
    peer.contender,
    seconds(peer).toFixed(2),
    seconds(ours).toFixed(2),
    (seconds(peer) / seconds(ours)).toFixed(2),
    (ours.storedBytes / peer.storedBytes).toFixed(3),
    `${cpu(peer)} : ${cpu(ours)}`,
    `${memory(peer)} : ${memory(ours)}`,
  ];
}

function seconds(result: RowResult): number {
  return median(result.measurements.map((one) => one.seconds));
}

function cpu(result: RowResult): string {
  const used = median(result.measurements.map((one) => one.cpuSeconds));
  return (used / (result.dataBytes / 1e9)).toFixed(1);
}

/** The highest peak of all runs: the command alone, or command + servers. */
function memory(result: RowResult): string {
  const highest = (of: (one: Measurement) => number) =>
    Math.round(Math.max(...result.measurements.map(of)) / 1e6);
  const servers = highest((one) => one.serverBytes);
  const client = highest((one) => one.clientBytes);
  return servers === 0 ? String(client) : `${client} + ${servers}`;
}

/** A Markdown table whose columns are as wide as they need to be; the first row is its head. */
export function align(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join('\n');
}
