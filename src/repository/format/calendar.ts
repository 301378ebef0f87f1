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

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
