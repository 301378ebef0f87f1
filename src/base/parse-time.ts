const form =
  /^\d{4}-\d\d-\d\d(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;
const dateLength = '2027-02-28'.length;

/**
 * The moment that somebody typed: a date, or a date and a time (ISO 8601), in the zone of this machine where a time has none;
 * undefined for anything else. A day that its month does not have is none, where Date would take the next month's.
 */
export function parseTime(text: string): Date | undefined {
  if (!form.test(text)) return undefined;
  const day = text.slice(0, dateLength);
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, dateLength) !== day)
    return undefined;
  return new Date(text);
}
