import type { SentSetRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** Backup sets that are sent to clients: those that were sent and not withdrawn, as they were sent last, and no others. */
export function sentSetClaims(): Claims {
  const sent = new Map<string, RecordNamed<'set sent'>>();
  return {
    note(record) {
      if (record.kind === 'set sent') sent.set(record.details.name, record);
      if (record.kind === 'set withdrawn') sent.delete(record.details.name);
    },
    async compare(records) {
      const rows = new Map((await records.sentSets.all()).map((row) => [row.name, row]));
      const names = new Set([...sent.keys(), ...rows.keys()]);
      return [...names].flatMap((name) => problemOf(name, sent.get(name), rows.get(name)) ?? []);
    },
  };
}

function problemOf(
  name: string,
  record: RecordNamed<'set sent'> | undefined,
  row: SentSetRow | undefined,
): string | undefined {
  if (record === undefined) return `the set ${name} is sent on record, and the log does not say so`;
  const { sequence, by, details } = record;
  if (row === undefined) return `the set ${name} (record ${sequence}) is not on record`;
  const isSame =
    details.id === row.id &&
    JSON.stringify(details.nodes ?? null) === (row.nodes ?? 'null') &&
    JSON.stringify(details.set) === row.choices &&
    by === row.sent_by;
  return isSame ? undefined : `the set ${name} is another one on record than record ${sequence} says`;
}
