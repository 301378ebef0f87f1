import { type Command, InvalidArgumentError } from 'commander';
import { type KeepPolicy, parseSpan, type Span, spanForm } from '../../repository/index.ts';
import { RepeatableOption } from './option-values.ts';

/** A policy as it stands on a command line, in restic's words. */
export interface KeepOptions {
  readonly keepLast?: number;
  readonly keepHourly?: number;
  readonly keepDaily?: number;
  readonly keepWeekly?: number;
  readonly keepMonthly?: number;
  readonly keepYearly?: number;
  readonly keepWithin?: Span;
  readonly keepWithinHourly?: Span;
  readonly keepWithinDaily?: Span;
  readonly keepWithinWeekly?: Span;
  readonly keepWithinMonthly?: Span;
  readonly keepWithinYearly?: Span;
  readonly keepTag?: readonly string[];
}

/** Adds the options that say which snapshots are kept, and gives their flags. */
export function addKeepOptions(command: Command): readonly string[] {
  const before = command.options.length;
  command.option('--keep-last <n>', 'keep so many of the newest, or unlimited', parseCount);
  for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'])
    command.option(`--keep-${period} <n>`, `keep so many ${period} ones, or unlimited`, parseCount);
  command.option('--keep-within <span>', 'keep all that are newer: 1y5m7d2h before the newest', parseKept);
  for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'])
    command.option(`--keep-within-${period} <span>`, `keep the ${period} ones that are newer`, parseKept);
  command.addOption(
    new RepeatableOption('--keep-tag <tags>', 'keep all that have these tags, separated by commas'),
  );
  return command.options.slice(before).flatMap(({ long }) => long ?? []);
}

/** What the options say. */
export function keepPolicyOf(options: KeepOptions): KeepPolicy {
  return {
    last: options.keepLast,
    hourly: options.keepHourly,
    daily: options.keepDaily,
    weekly: options.keepWeekly,
    monthly: options.keepMonthly,
    yearly: options.keepYearly,
    within: options.keepWithin,
    withinEach: {
      hourly: options.keepWithinHourly,
      daily: options.keepWithinDaily,
      weekly: options.keepWithinWeekly,
      monthly: options.keepWithinMonthly,
      yearly: options.keepWithinYearly,
    },
    tags: options.keepTag?.map((list) => list.split(',').map((tag) => tag.trim())),
  };
}

function parseCount(text: string): number {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of snapshots, or unlimited');
}

function parseKept(text: string): Span {
  const span = parseSpan(text);
  if (span === undefined) throw new InvalidArgumentError(`expected ${spanForm}`);
  return span;
}
