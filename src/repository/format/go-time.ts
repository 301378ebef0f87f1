const nsPerSecond = 1_000_000_000n;
const minuteS = 60;
const dayS = 86_400;

/** Seconds since 1970 of the first and the last instant that RFC 3339 can write, years 0000 and 9999. */
const earliestS = -62_167_219_200;
const latestS = 253_402_300_799;

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * An instant as Go's time.Time marshals itself: RFC 3339 with up to nine digits of fraction, trailing zeros cut, in the
 * zone of this machine as restic does it, with `Z` for an offset of zero. Outside years 0 to 9999 the nearest is taken.
 *
 * @param ns nanoseconds since 1970-01-01T00:00:00Z, negative before
 */
export function encodeGoTime(ns: bigint): string {
  let seconds = Number(ns / nsPerSecond);
  let fraction = Number(ns % nsPerSecond);
  if (fraction < 0) {
    seconds -= 1;
    fraction += 1e9;
  }
  const offset = offsetMinutes(seconds);
  if (seconds + offset * minuteS < earliestS) return `0000-01-01T00:00:00${zone(offset)}`;
  if (seconds + offset * minuteS > latestS) return `9999-12-31T23:59:59.999999999${zone(offset)}`;
  return clockText(seconds + offset * minuteS) + fractionText(fraction) + zone(offset);
}

/** Nanoseconds since 1970 of an RFC 3339 time, or undefined when it is none. */
export function parseGoTime(text: string): bigint | undefined {
  const found = pattern.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHours = '0', zoneMinutes = '0'] =
    found;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1);
  const clock = Number(hour) * 3600 + (Number(minute) - offset) * minuteS + Number(second);
  const seconds = date.getTime() / 1000 + clock;
  return BigInt(seconds) * nsPerSecond + BigInt(Number(fraction.padEnd(9, '0')));
}

/** Minutes by which the clock of this machine was ahead of UTC at that instant. */
function offsetMinutes(seconds: number): number {
  // Beyond what a Date can hold the zone's rule is unknown; such times are clamped anyway.
  const offset = -new Date(seconds * 1000).getTimezoneOffset();
  return Number.isFinite(offset) ? Math.trunc(offset) : 0;
}

function clockText(localSeconds: number): string {
  const date = new Date(localSeconds * 1000);
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const day = `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const second = ((localSeconds % dayS) + dayS) % dayS;
  return `${day}T${two(Math.floor(second / 3600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)}`;
}

function fractionText(fraction: number): string {
  return fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
}

function zone(offset: number): string {
  if (offset === 0) return 'Z';
  const distance = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}:${two(distance % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
