import type { DerReader } from './der-reader.ts';
import { tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';

/** Reads a Time as RFC 5280 §4.1.2.5 allows it: UTCTime or GeneralizedTime, in seconds, in UTC, a date that exists. */
export function readTime(reader: DerReader): Date {
  return readForm(reader, reader.is(tag.utcTime));
}

/** Reads a GeneralizedTime of the same form, which OCSP has for every year (RFC 6960 §4.2.2.1). */
export function readGeneralizedTime(reader: DerReader): Date {
  return readForm(reader, false);
}

/** Writes a Time cut to whole seconds: UTCTime through 2049, GeneralizedTime after. A `TypeError` when no date. */
export function writeTime(writer: DerWriter, date: Date): void {
  const digits = digitsOf(date);
  if (date.getUTCFullYear() < 2050) writer.latin1(tag.utcTime, digits.slice(2));
  else writer.latin1(tag.generalizedTime, digits);
}

/** Writes a GeneralizedTime cut to whole seconds, whatever the year. A `TypeError` when no date. */
export function writeGeneralizedTime(writer: DerWriter, date: Date): void {
  writer.latin1(tag.generalizedTime, digitsOf(date));
}

function readForm(reader: DerReader, short: boolean): Date {
  const text = reader.content(short ? tag.utcTime : tag.generalizedTime).toString('latin1');
  if (!(short ? shortForm : longForm).test(text)) throw reader.problem('not a time in UTC to the second');
  const year = short ? fullYear(Number(text.slice(0, 2))) : Number(text.slice(0, 4));
  const [month, day, hours, minutes, seconds] = twoDigits(text, short ? 2 : 4);
  const date = new Date(Date.UTC(2000, month - 1, day, hours, minutes, seconds));
  date.setUTCFullYear(year, month - 1, day);
  // What is past the end of a month or day is another date.
  const isSame =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hours &&
    date.getUTCMinutes() === minutes &&
    date.getUTCSeconds() === seconds;
  if (!isSame) throw reader.problem('not a time in UTC to the second');
  return date;
}

/** The numbers of two digits each that begin at `start`. */
function twoDigits(text: string, start: number): [number, number, number, number, number] {
  const at = (index: number): number => Number(text.slice(start + 2 * index, start + 2 * index + 2));
  return [at(0), at(1), at(2), at(3), at(4)];
}

function digitsOf(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 9999))
    throw new TypeError(`not a date a certificate can carry: ${String(date)}`);
  const day = (year * 100 + date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  const second = (date.getUTCHours() * 100 + date.getUTCMinutes()) * 100 + date.getUTCSeconds();
  return `${day}${String(second).padStart(6, '0')}Z`;
}

const shortForm = /^\d{12}Z$/;
const longForm = /^\d{14}Z$/;

/** RFC 5280 §4.1.2.5.1. */
function fullYear(ofTwoDigits: number): number {
  return ofTwoDigits + (ofTwoDigits >= 50 ? 1900 : 2000);
}
