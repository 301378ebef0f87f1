import { encodeDate, offsetMinutes } from '../format/go-time.ts';
import type { Period, Span } from './keep-policy.ts';

/** An instant, and what the clock on the wall showed there. */
export interface ZonedTime {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** How far that clock was ahead of UTC; that of this machine unless said. */
  readonly zoneMinutes?: number;
}

const nsPerSecond = 1_000_000_000n;
const minuteS = 60;
const hourS = 3600;
const dayS = 86_400;

/** What tells one hour, day, week (ISO 8601), month or year of the wall clock from every other. */
export function periodOf(time: ZonedTime, period: Period): number | string {
  const seconds = secondsOf(time.timeNs);
  const local = seconds + (time.zoneMinutes ?? offsetMinutes(seconds)) * minuteS;
  const days = Math.floor(local / dayS);
  switch (period) {
    case 'hourly':
      return Math.floor(local / hourS);
    case 'daily':
      return days;
    case 'weekly':
      // Day 0 was a Thursday, and weeks begin on Mondays.
      return Math.floor((days + 3) / 7);
    case 'monthly':
      return encodeDate(days).slice(0, 7);
    case 'yearly':
      return encodeDate(days).slice(0, 4);
  }
}

/**
 * The instant a span before another, in nanoseconds since 1970: first the date goes back on the wall clock (a day that a month
 * lacks is one of the next), then the hours. Where the clock is this machine's its changes count, as in Go, which restic is
 * written in; undefined before all that a calendar can say.
 */
export function spanBefore({ timeNs, zoneMinutes }: ZonedTime, span: Span): bigint | undefined {
  const seconds = secondsOf(timeNs);
  const here = offsetMinutes(seconds);
  const offset = zoneMinutes ?? here;
  const wall = new Date((seconds + offset * minuteS) * 1000);
  const date = [wall.getUTCFullYear() - span.years, wall.getUTCMonth() - span.months] as const;
  const moved = new Date(wall).setUTCFullYear(...date, wall.getUTCDate() - span.days) / 1000;
  if (Number.isNaN(moved)) return undefined;
  const instant = offset === here ? instantHere(moved) : moved - offset * minuteS;
  return BigInt(instant - span.hours * hourS) * nsPerSecond + (timeNs - BigInt(seconds) * nsPerSecond);
}

/** When this machine's clock shows that, given as if it were UTC; of two instants, or of none, the one that Go takes. */
function instantHere(wallS: number): number {
  const guess = wallS - offsetMinutes(wallS) * minuteS;
  return wallS - offsetMinutes(guess) * minuteS;
}

function secondsOf(ns: bigint): number {
  return Number((ns - (((ns % nsPerSecond) + nsPerSecond) % nsPerSecond)) / nsPerSecond);
}
