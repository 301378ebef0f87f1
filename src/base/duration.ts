import { dayMs, hourMs, minuteMs, secondMs } from './clock.ts';

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
  const [, number, unit, name] = form.exec(text) ?? [];
  const found = units.find(({ letter, word }) => letter === unit || word === name);
  return found && Number(number) * found.ms;
}

const form = /^(\d{1,6}) ?(?:([smhdw])|(second|minute|hour|day|week)s?)$/;

/** The form of what {@link parseDuration} takes, as a schema has it. */
export const durationPattern = form.source;

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
