import type { ReplicationRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

type Added = RecordNamed<'replication added'>;

/** Which nodes have copies of which: as was decided last of each, and no others. */
export function replicationClaims(): Claims {
  const logged = new Map<string, Added>();
  return {
    note(record) {
      if (record.kind === 'replication added') logged.set(record.details.from, record);
      if (record.kind === 'replication removed') logged.delete(record.details.from);
    },
    async compare(records) {
      const rows = new Map((await records.replications.all()).map((row) => [row.from_name, row]));
      const names = new Set([...logged.keys(), ...rows.keys()]);
      return [...names].flatMap((name) => problemOf(name, logged.get(name), rows.get(name)) ?? []);
    },
  };
}

function problemOf(
  from: string,
  added: Added | undefined,
  row: ReplicationRow | undefined,
): string | undefined {
  if (added === undefined)
    return `the replication of ${from} is on record, and the log does not say that it was added`;
  const { sequence, by, details } = added;
  if (row === undefined) return `the replication of ${from} (record ${sequence}) is not on record`;
  const isSame =
    JSON.stringify(details.to) === row.to_names &&
    details.keep === row.keep &&
    details.removeAfter === row.remove_after &&
    (details.rate ?? null) === row.rate &&
    details.zone === row.zone &&
    by === row.added_by;
  return isSame
    ? undefined
    : `the replication of ${from} is another one on record than record ${sequence} says`;
}
