import type { GrantRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

/** What the log says of one grant. */
interface LoggedGrant {
  readonly created: RecordNamed<'grant created'>;
  certificate: string | null;
  isRevoked: boolean;
}

/** Grants: those that were created, for whom and until when it was said, sealed and revoked as it was, and no others. */
export function grantClaims(): Claims {
  const logged = new Map<number, LoggedGrant>();
  return {
    note(record) {
      if (record.kind === 'grant created')
        logged.set(record.details.grant, { created: record, certificate: null, isRevoked: false });
      if (record.kind !== 'grant sealed' && record.kind !== 'grant revoked') return;
      const grant = logged.get(record.details.grant);
      if (grant === undefined) return;
      if (record.kind === 'grant revoked') grant.isRevoked = true;
      else grant.certificate = record.details.certificate;
    },
    async compare(records) {
      const rows = new Map((await records.grants.all()).map((row) => [row.id, row]));
      const numbers = new Set([...logged.keys(), ...rows.keys()]);
      return [...numbers].flatMap((id) => problemOf(id, logged.get(id), rows.get(id)) ?? []);
    },
  };
}

function problemOf(
  id: number,
  logged: LoggedGrant | undefined,
  row: GrantRow | undefined,
): string | undefined {
  if (logged === undefined) return `grant ${id} is on record, and the log does not say that it was created`;
  const { sequence, by, details } = logged.created;
  if (row === undefined) return `grant ${id} (record ${sequence}) is not on record`;
  const isSame =
    details.from === row.from_name &&
    details.to === row.to_name &&
    (details.path ?? null) === row.path &&
    (details.repository ?? null) === row.repository &&
    by === row.created_by &&
    Date.parse(details.expires) === row.expires_at;
  if (!isSame) return `grant ${id} is another one on record than record ${sequence} says`;
  // What was sealed is lost with the database, and the grant waits again after a restore.
  const isSealedAsSaid = row.certificate === null || row.certificate === logged.certificate;
  const isStanding = isSealedAsSaid && logged.isRevoked === (row.revoked_at !== null);
  return isStanding ? undefined : `grant ${id} stands otherwise on record than the log says`;
}
