import { HoldfastError } from '../base/index.ts';

/** A part of each day, in minutes since midnight; what begins before midnight may end after it. */
export interface Hours {
  readonly from: number;
  readonly until: number;
}

const hoursForm = /^([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)$/;

/** Reads `22:00-06:00`. @throws HoldfastError `usage` */
export function parseHours(text: string): Hours {
  const [, ...parts] = hoursForm.exec(text) ?? [];
  const [fromHour, fromMinute, untilHour, untilMinute] = parts.map(Number);
  if (
    fromHour === undefined ||
    fromMinute === undefined ||
    untilHour === undefined ||
    untilMinute === undefined
  )
    throw new HoldfastError(
      'usage',
      `the hours ${JSON.stringify(text)}: expected two times of day, 22:00-06:00`,
    );
  const hours = { from: fromHour * 60 + fromMinute, until: untilHour * 60 + untilMinute };
  if (hours.from !== hours.until) return hours;
  throw new HoldfastError('usage', `the hours ${text} are none: expected two times of day, 22:00-06:00`);
}

/** Says of a moment whether it lies in the hours, on the clocks of a zone. */
export function isWithin({ from, until }: Hours, ms: number, zone: string): boolean {
  const minute = minuteOfDay(ms, zone);
  return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

function minuteOfDay(ms: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
  const [hour = 0, minute = 0] = format.format(ms).split(':').map(Number);
  return hour * 60 + minute;
}
