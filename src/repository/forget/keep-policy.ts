import { HoldfastError } from '../../base/index.ts';

/** The periods of which a policy keeps the newest snapshot of each, the shortest first. */
export const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export type Period = (typeof periods)[number];

/** How many are kept; Infinity for all. */
type Counts = Readonly<Partial<Record<'last' | Period, number>>>;

/**
 * Which snapshots of a group are kept, in restic's words and with its meaning (restic manual, "Removing snapshots according to
 * a policy"): a snapshot that one part of it keeps is kept.
 */
export interface KeepPolicy extends Counts {
  /** All that are newer than this, counted back from the newest. */
  readonly within?: Span;
  /** The newest of each period, of those that are newer than this. */
  readonly withinEach?: Readonly<Partial<Record<Period, Span>>>;
  /** All that have every tag of one of these lists; a list of one empty tag means those without any. */
  readonly tags?: readonly (readonly string[])[];
}

/** A stretch of a calendar: months and years have no fixed length. */
export interface Span {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

/** How spans are written, for messages. */
export const spanForm = 'a span like 1y5m7d2h (years, months, days, hours)';

const spanPattern = /^(?:\d{1,4}[ymdh]){1,8}$/;
const unitNames = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const;

/** Reads `1y5m7d2h`; a unit that comes twice counts as it was said last. Undefined for anything else, and for nothing. */
export function parseSpan(text: string): Span | undefined {
  if (!spanPattern.test(text)) return undefined;
  const span = { years: 0, months: 0, days: 0, hours: 0 };
  for (const part of text.match(/\d{1,4}[ymdh]/g) ?? [])
    span[unitNames[part.slice(-1) as keyof typeof unitNames]] = Number(part.slice(0, -1));
  return isNothing(span) ? undefined : span;
}

/** The same written out again, the largest unit first. */
export function formatSpan({ years, months, days, hours }: Span): string {
  const parts = [
    [years, 'y'],
    [months, 'm'],
    [days, 'd'],
    [hours, 'h'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** Whether a policy keeps nothing at all: no part of it was given, or nothing but zeros. */
export function isEmptyPolicy({ within, withinEach = {}, tags = [], ...counts }: KeepPolicy): boolean {
  const spans = [within, ...Object.values(withinEach)];
  return (
    tags.length === 0 &&
    Object.values(counts).every((count) => count === undefined || count === 0) &&
    spans.every((span) => span === undefined)
  );
}

/** That a policy would keep nothing. */
export function emptyPolicy(): HoldfastError {
  return new HoldfastError('usage', 'no policy is given, so nothing says which snapshots are kept', {
    hint: 'holdfast forget --keep-daily 7 --keep-weekly 5 --dry-run shows what such a policy does; or name snapshots',
  });
}

function isNothing(span: Span): boolean {
  return Object.values(span).every((count) => count === 0);
}
