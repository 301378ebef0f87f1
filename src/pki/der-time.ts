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
  const fields = (short ? shortForm : longForm).exec(text)?.slice(1) ?? [];
  const [year = '', month, day, hours, minutes, seconds] = fields;
  const iso = `${short ? century(year) + year : year}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`;
  const date = new Date(iso);
  // What is past the end of a month or day is no date, or another one when written back.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso)
    throw reader.problem('not a time in UTC to the second');
  return date;
}

function digitsOf(date: Date): string {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 9999))
    throw new TypeError(`not a date a certificate can carry: ${String(date)}`);
  return `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

const shortForm = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const longForm = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

function century(year: string): string {
  return Number(year) >= 50 ? '19' : '20';
}
