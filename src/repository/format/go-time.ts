const nsPerSecond = 1_000_000_000n;
const minuteS = 60;
const dayS = 86_400;
const quarterS = 900;

/** Seconds since 1970 of the first and the last instant that RFC 3339 can write, years 0000 and 9999. */
const earliestS = -62_167_219_200;
const latestS = 253_402_300_799;

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
const clockEnd = 19;
const zero = 0x30;

/** Zones change their offset at full quarters of an hour, so that of the last quarter seen is kept. */
let lastQuarter = Number.NaN;
let lastOffset = 0;

/**
 * An instant as Go's time.Time marshals itself: RFC 3339 with up to nine digits of fraction, trailing zeros cut, in the
 * zone of this machine as restic does it, with `Z` for an offset of zero. Outside years 0 to 9999 the nearest is taken.
 *
 * @param ns nanoseconds since 1970-01-01T00:00:00Z, negative before
 * @param zoneMinutes how far the clock shown is ahead of UTC; that of this machine unless said
 */
export function encodeGoTime(ns: bigint, zoneMinutes?: number): string {
  let seconds = Number(ns / nsPerSecond);
  let fraction = Number(ns % nsPerSecond);
  if (fraction < 0) {
    seconds -= 1;
    fraction += 1e9;
  }
  const offset = zoneMinutes ?? offsetMinutes(seconds);
  const local = seconds + offset * minuteS;
  if (local < earliestS) return `0000-01-01T00:00:00${zone(offset)}`;
  if (local > latestS) return `9999-12-31T23:59:59.999999999${zone(offset)}`;
  return clockText(local) + fractionText(fraction) + zone(offset);
}

/** Nanoseconds since 1970 of an RFC 3339 time, or undefined when it is none. */
export function parseGoTime(text: string): bigint | undefined {
  if (!form.test(text)) return undefined;
  const number = (at: number, digits = 2): number => readDigits(text, at, digits);
  const days = daysOfDate(number(0, 4), number(5), number(8));
  const [hour, minute, second] = [number(11), number(14), number(17)];
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const zoneAt = text.endsWith('Z') ? text.length - 1 : text.length - 6;
  const digits = Math.max(0, zoneAt - clockEnd - 1);
  const fraction = readDigits(text, clockEnd + 1, digits) * 10 ** (9 - digits);
  const seconds = days * dayS + hour * 3600 + minute * minuteS + second - zoneSeconds(text, zoneAt);
  return BigInt(seconds) * nsPerSecond + BigInt(fraction);
}

/** How far the clock of a time that {@link parseGoTime} reads is ahead of UTC, in minutes. */
export function zoneOfGoTime(text: string): number {
  return zoneSeconds(text, text.endsWith('Z') ? text.length - 1 : text.length - 6) / minuteS;
}

/** Minutes by which the clock of this machine was ahead of UTC at that instant, in seconds since 1970. */
export function offsetMinutes(seconds: number): number {
  const quarter = Math.floor(seconds / quarterS);
  if (quarter !== lastQuarter) {
    lastQuarter = quarter;
    const offset = -new Date(seconds * 1000).getTimezoneOffset();
    // Beyond what a Date can hold the zone's rule is unknown; such times are clamped anyway.
    lastOffset = Number.isFinite(offset) ? Math.trunc(offset) : 0;
  }
  return lastOffset;
}

function clockText(localSeconds: number): string {
  const days = Math.floor(localSeconds / dayS);
  const second = localSeconds - days * dayS;
  const hours = `${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
  return `${encodeDate(days)}T${hours}`;
}

function fractionText(fraction: number): string {
  if (fraction === 0) return '';
  const text = String(1e9 + fraction);
  let end = text.length;
  while (text.charCodeAt(end - 1) === zero) end--;
  return `.${text.slice(1, end)}`;
}

function zone(offset: number): string {
  if (offset === 0) return 'Z';
  const distance = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function zoneSeconds(text: string, at: number): number {
  if (text.charAt(at) === 'Z') return 0;
  const distance = readDigits(text, at + 1, 2) * 3600 + readDigits(text, at + 4, 2) * minuteS;
  return text.charAt(at) === '-' ? -distance : distance;
}

function readDigits(text: string, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) value = value * 10 + text.charCodeAt(i) - zero;
  return value;
}

/**
 * Days and dates of the Gregorian calendar, by arithmetic alone: a Date costs ten times as much, and a backup writes
 * two times for each file. Years begin with March here, so that the odd day comes at the end of the last one.
 */
const daysInEra = 146_097;
const daysTo1970 = 719_468;

/** `YYYY-MM-DD` of the day that many days after 1970-01-01, in years 0 to 9999. */
export function encodeDate(days: number): string {
  const [year, month, day] = dateOfDays(days);
  return `${String(10_000 + year).slice(1)}-${two(month)}-${two(day)}`;
}

/** Days from 1970-01-01 to a date; undefined when there is no such date. */
export function daysOfDate(year: number, month: number, day: number): number | undefined {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * daysInEra + dayOfEra - daysTo1970;
  const [foundYear, foundMonth, foundDay] = dateOfDays(days);
  return foundYear === year && foundMonth === month && foundDay === day ? days : undefined;
}

function dateOfDays(days: number): [year: number, month: number, day: number] {
  const shifted = days + daysTo1970;
  const era = Math.floor(shifted / daysInEra);
  const dayOfEra = shifted - era * daysInEra;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}
