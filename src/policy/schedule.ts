import { createHash } from 'node:crypto';
import { Cron } from 'croner';
import { dayMs, HoldfastError, minuteMs, parseDuration } from '../base/index.ts';

/** When something is to be done again and again. */
export type Schedule =
  /** So long after the last time it was begun. */
  | { readonly kind: 'interval'; readonly everyMs: number }
  /** At times of day in a zone, by five fields as crontab(5) has them. */
  | { readonly kind: 'clock'; readonly pattern: string; readonly zone: string };

/** What {@link parseSchedule} takes, for people. */
export const scheduleForm =
  "6h, 'daily 02:30', 'weekly sun 03:00', 'monthly 1 04:00' ('monthly last 04:00'), or five fields of cron, '30 2 * * 1-5'";

/** An interval shorter than this would be nothing but beginning. */
const shortestMs = minuteMs;
const maxTextLength = 100;

/**
 * Reads a schedule as somebody typed it; times of day are those of `zone`, an IANA name such as `Europe/Berlin`.
 * @throws HoldfastError `schedule_invalid`, also for a zone that nobody knows; `schedule_never` for a day that never comes
 */
export function parseSchedule(text: string, zone: string): Schedule {
  if (text.length > maxTextLength) throw invalid(`a schedule of ${text.length} characters`);
  const words = text.trim().toLowerCase();
  const everyMs = parseDuration(words);
  if (everyMs !== undefined) return interval(text, everyMs);
  const pattern = patternOf(words);
  if (pattern === undefined) throw invalid(`the schedule ${JSON.stringify(text)}`);
  checkZone(zone);
  const schedule = { kind: 'clock', pattern, zone } as const;
  if (cronOf(schedule, text).nextRun(new Date(0)) === null) throw never(text);
  return schedule;
}

function interval(text: string, everyMs: number): Schedule {
  if (everyMs < shortestMs) throw invalid(`the schedule ${JSON.stringify(text)}, shorter than a minute`);
  return { kind: 'interval', everyMs };
}

const daily = /^daily ([01]?\d|2[0-3]):([0-5]\d)$/;
const weekly = /^weekly (sun|mon|tue|wed|thu|fri|sat)[a-z]{0,6} ([01]?\d|2[0-3]):([0-5]\d)$/;
const monthly = /^monthly ([1-9]|1\d|2[0-8]|last) ([01]?\d|2[0-3]):([0-5]\d)$/;
/** Five fields and nothing more: seconds, years and the nicknames of some crons are not taken. */
const cron = /^[\d*,/a-z#+?-]{1,40}(?: [\d*,/a-z#+?-]{1,40}){4}$/;

/** The five fields of a schedule in words, or of one that has them. */
function patternOf(words: string): string | undefined {
  const [, dayHour, dayMinute] = daily.exec(words) ?? [];
  if (dayMinute !== undefined) return `${dayMinute} ${dayHour} * * *`;
  const [, weekday, weekHour, weekMinute] = weekly.exec(words) ?? [];
  if (weekMinute !== undefined) return `${weekMinute} ${weekHour} * * ${weekday}`;
  const [, day, monthHour, monthMinute] = monthly.exec(words) ?? [];
  if (monthMinute !== undefined) return `${monthMinute} ${monthHour} ${day === 'last' ? 'L' : day} * *`;
  return cron.test(words) ? words : undefined;
}

function checkZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
  } catch (cause) {
    throw new HoldfastError('schedule_invalid', `there is no time zone ${JSON.stringify(zone)}`, {
      hint: "name one as the system's tables do: Europe/Berlin, America/New_York, UTC",
      cause,
    });
  }
}

function cronOf({ pattern, zone }: Schedule & { readonly kind: 'clock' }, said = pattern): Cron {
  try {
    return new Cron(pattern, { timezone: zone, mode: '5-part' });
  } catch (cause) {
    throw invalid(`the schedule ${JSON.stringify(said)}`, cause);
  }
}

function invalid(found: string, cause?: unknown): HoldfastError {
  return new HoldfastError('schedule_invalid', `${found}: expected ${scheduleForm}`, { cause });
}

function never(text: string): HoldfastError {
  return new HoldfastError('schedule_never', `no day is ever as ${JSON.stringify(text)} says`);
}

/** What {@link nextRun} counts from; moments are milliseconds since 1970. */
export interface Timing {
  /** Since when there is something to be done. */
  readonly addedMs: number;
  /** When it was begun last; undefined when it never was. */
  readonly lastMs: number | undefined;
  /** How long after the time of the schedule it is done, see {@link offsetOf}. */
  readonly offsetMs: number;
}

/**
 * The moment of the next run, which may lie in the past: however many were missed, one run makes up for them. A day with two
 * nights of the same hour has one run, and one without that hour too. An interval counts from the beginning of the run before.
 */
export function nextRun(schedule: Schedule, { addedMs, lastMs, offsetMs }: Timing): number {
  if (schedule.kind === 'interval')
    return lastMs === undefined ? addedMs + offsetMs : lastMs + schedule.everyMs;
  const from = new Date((lastMs ?? addedMs) - offsetMs);
  const next = cronOf(schedule).nextRun(from);
  // One that comes at all comes again, as the parser has seen; years in five figures are for nobody.
  if (next === null) throw never(schedule.pattern);
  return next.getTime() + offsetMs;
}

/** A clock that was wrong by more than this has been set right since. */
const wrongClockMs = dayMs;

/** The same at `nowMs`; at once where it was begun last, or added, by a clock that was far ahead: since when is known by nobody then. */
export function dueRun(schedule: Schedule, timing: Timing, nowMs: number): number {
  const fromMs = timing.lastMs ?? timing.addedMs;
  return fromMs > nowMs + wrongClockMs ? nowMs : nextRun(schedule, timing);
}

/** How far apart the runs of several machines are spread unless something else is said. */
export const defaultSpreadMs = 10 * minuteMs;
/** A longer spread would make one time of day of another. */
export const longestSpreadMs = dayMs;

/** The same for the same `name`, from nothing to less than `spreadMs`, in whole seconds: chance that stays. */
export function offsetOf(name: string, spreadMs: number): number {
  const digest = createHash('sha256').update(name).digest();
  const share = digest.readUInt32BE() / 2 ** 32;
  return Math.floor((share * spreadMs) / 1000) * 1000;
}
