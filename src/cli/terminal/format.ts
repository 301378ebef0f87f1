import {
  dayMs,
  HoldfastError,
  hourMs,
  minuteMs,
  parseDuration,
  parseTime,
  secondMs,
} from '../../base/index.ts';

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `3100000000` → `3.1 GB`: decimal units, as disks are sold and networks measured. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** `1204` → `1,204`; of a count, which is whole and not below zero. */
export function formatCount(count: number): string {
  let text = String(count);
  for (let end = text.length - 3; end > 0; end -= 3) text = `${text.slice(0, end)},${text.slice(end)}`;
  return text;
}

/** `1, 'file'` → `1 file`; `1204, 'file'` → `1,204 files`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A measured time: `0.4 s`, `9.8 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatElapsed(ms: number): string {
  if (ms < minuteMs) return `${(ms / secondMs).toFixed(1)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ${Math.floor((ms % minuteMs) / secondMs)} s`;
  return `${Math.floor(ms / hourMs)} h ${Math.floor((ms % hourMs) / minuteMs)} min`;
}

/**
 * The time until something, in its largest unit: `20 days`, `3 hours`, `now` when it has passed. What lacks less than a day
 * of its years has them.
 */
export function formatRemaining(ms: number): string {
  if (ms < minuteMs) return 'now';
  if (ms < 2 * hourMs) return plural(Math.round(ms / minuteMs), 'minute');
  if (ms < 2 * dayMs) return plural(Math.round(ms / hourMs), 'hour');
  if (ms < 800 * dayMs) return plural(Math.round(ms / dayMs), 'day');
  return plural(Math.floor((ms + dayMs) / (365.25 * dayMs)), 'year');
}

/** The time since something: `3 hours ago`, `just now`. */
export function formatAge(ms: number): string {
  return ms < minuteMs ? 'just now' : `${formatRemaining(ms)} ago`;
}

/** The same for a narrow column: `now`, `20 min`, `3 h`, `12 d`, `2 y`. */
export function formatShort(ms: number): string {
  if (ms < minuteMs) return 'now';
  if (ms < 2 * hourMs) return `${Math.round(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.round(ms / hourMs)} h`;
  return ms < 800 * dayMs
    ? `${Math.round(ms / dayMs)} d`
    : `${Math.floor((ms + dayMs) / (365.25 * dayMs))} y`;
}

/** `2026-11-21 07:40:05` in the machine's time zone. */
export function formatTime(time: Date): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
  return `${day} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

/** A moment: a date, a time (ISO 8601), or how long before `nowMs` (`7d`); undefined when it is none of them. */
export function parseMoment(text: string, nowMs: number): Date | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return new Date(nowMs - ago);
  return parseTime(text);
}

/** The same as ISO 8601, for the admin API. @throws HoldfastError `usage` for what is no time */
export function momentOf(text: string, nowMs: number): string {
  const moment = parseMoment(text, nowMs);
  if (moment !== undefined) return moment.toISOString();
  throw new HoldfastError('usage', `${JSON.stringify(text)} is no time`, {
    hint: 'give a date, a time or how long ago: 2026-11-21, 2026-11-21T08:00:00Z, 7d',
  });
}

/** The first and most telling part of a fingerprint: `SHA256:4f:1c:9a:02:…`. */
export function shortFingerprint(fingerprint: string): string {
  return `${fingerprint.split(':').slice(0, 5).join(':')}:…`;
}
