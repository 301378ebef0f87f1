import { type SinceBoot, sinceBoot } from './platform.ts';

/** Where the time comes from. Passed in wherever a date decides something, so that tests need no sleeping. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
  /**
   * What passes whatever the clock is set to, to see by it that the clock was set: undefined where the system does not
   * tell. A clock without this function is never compared.
   */
  sinceBoot?(): SinceBoot | undefined;
}

/** The machine's own clock. */
export const systemClock: Clock = { now: () => Date.now(), sinceBoot };

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(start: Date | number) {
    this.#nowMs = Number(start);
  }

  now(): number {
    return this.#nowMs;
  }

  /** Moves the clock by `ms`, backwards when negative. */
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

const timeForm =
  /^\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;
const dateLength = '2027-02-28'.length;

/**
 * The moment that somebody typed: a date, or a date and a time (ISO 8601), in the zone of this machine where a time has none;
 * undefined for anything else. A day that its month does not have is none, where Date would take the next month's.
 */
export function parseTime(text: string): Date | undefined {
  if (!timeForm.test(text)) return undefined;
  const day = text.slice(0, dateLength);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, dateLength) !== day)
    return undefined;
  return new Date(text);
}

/** The units that a duration is typed in, each also as the word that texts have. */
const units = [
  { letter: 'w', word: 'week', ms: 7 * dayMs },
  { letter: 'd', word: 'day', ms: dayMs },
  { letter: 'h', word: 'hour', ms: hourMs },
  { letter: 'm', word: 'minute', ms: minuteMs },
  { letter: 's', word: 'second', ms: secondMs },
] as const;

/** The units in which values are shown: the days of a year are easier to see than its weeks. */
const shownUnits = units.filter(({ letter }) => letter !== 'w');

/** What {@link parseDuration} takes, for people. */
export const durationForm = 'a number and s, m, h, d or w, such as 30d or 12h';

/**
 * Reads the milliseconds that somebody typed as `90m`, `24h` or `7d`, or as texts have it, `7 days`; undefined for anything
 * else. Everything that takes a duration, on the command line, in settings and in the policy, takes it in this form.
 */
export function parseDuration(text: string): number | undefined {
  const [, number, unit, name] = typedDuration.exec(text) ?? [];
  const found = units.find(({ letter, word }) => letter === unit || word === name);
  return found && Number(number) * found.ms;
}

const typedDuration = /^(\d{1,6}) ?(?:([smhdw])|(second|minute|hour|day|week)s?)$/;

/** The form of what {@link parseDuration} takes, as a schema has it. */
export const durationPattern = typedDuration.source;

/** Writes milliseconds as {@link parseDuration} reads them, in the largest unit that has them whole: `30d`, `90m`. */
export function formatDuration(ms: number): string {
  const unit = shownUnit(ms);
  return unit === undefined ? String(ms) : `${ms / unit.ms}${unit.letter}`;
}

/** Writes milliseconds for a sentence, in the largest unit that has them whole: `30 days`, `1 hour`, `1500 ms`. */
export function describeDuration(ms: number): string {
  const unit = shownUnit(ms);
  if (unit === undefined) return `${ms} ms`;
  const count = ms / unit.ms;
  return `${count} ${unit.word}${count === 1 ? '' : 's'}`;
}

function shownUnit(ms: number): (typeof units)[number] | undefined {
  return ms === 0 ? undefined : shownUnits.find((unit) => ms % unit.ms === 0);
}
