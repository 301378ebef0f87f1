import type { AuthorityResults, LoadRow } from './authority-rows.ts';
import type { LoadMeasurement } from './load.ts';
import { median } from './median.ts';
import type { ScaleRow } from './million-row.ts';
import { align } from './table.ts';

/** The Markdown tables of the authority: under load beside others, and with many certificates. */
export function renderAuthorityTables({ load, scale }: AuthorityResults): string {
  const tables = [];
  if (load.length > 0) tables.push(renderLoad(load));
  if (scale.length > 0) tables.push(align([scaleHead, ...scale.map(scaleLine)]));
  return tables.join('\n\n');
}

/** Servers under the same load, a line for each. */
export function renderLoad(rows: readonly LoadRow[]): string {
  return align([loadHead, ...rows.map(loadLine)]);
}

const loadHead = [
  'row',
  'against',
  'theirs 1/s',
  'ours 1/s',
  'ours ÷ theirs',
  'server µs each',
  'client µs each',
  'median ms',
  '99 % ms',
  'server peak MB',
  'every run, 1/s',
];

const scaleHead = ['row', 'with 1,000', 'with 1,000,000', 'times'];

function loadLine({ title, peer, theirs, ours }: LoadRow): string[] {
  const of = (side: readonly LoadMeasurement[], value: (one: LoadMeasurement) => number) =>
    median(side.map(value));
  const both = (value: (one: LoadMeasurement) => number, digits = 0) =>
    `${of(theirs, value).toFixed(digits)} : ${of(ours, value).toFixed(digits)}`;
  const rate = (one: LoadMeasurement) => one.perSecond;
  const every = (side: readonly LoadMeasurement[]) => side.map((one) => Math.round(rate(one))).join(' ');
  return [
    title,
    peer,
    of(theirs, rate).toFixed(0),
    of(ours, rate).toFixed(0),
    (of(ours, rate) / of(theirs, rate)).toFixed(2),
    both((one) => one.serverMicroseconds),
    both((one) => one.clientMicroseconds),
    both((one) => one.medianMs, 1),
    both((one) => one.lateMs, 1),
    both((one) => one.serverBytes / 1e6),
    `${every(theirs)} : ${every(ours)}`,
  ];
}

function scaleLine({ title, unit, few, many }: ScaleRow): string[] {
  const text = (value: number) => `${value.toFixed(unit === 's' ? 3 : 0)} ${unit}`;
  return [title, text(few), text(many), (many / few).toFixed(2)];
}
