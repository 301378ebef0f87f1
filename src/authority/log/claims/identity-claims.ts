import { identityLabel } from '../../records/index.ts';
import type { Claims } from './claims.ts';

/** Identities: those that were ended and got nothing since are ended, and no others; each was issued to, has a bearer token, or ended. */
export function identityClaims(): Claims {
  const ended = new Map<string, number>();
  const withToken = new Set<string>();
  return {
    note(record) {
      const { sequence } = record;
      if (record.kind === 'revoked' && record.details.whole === true)
        ended.set(record.details.identity, sequence);
      // Whatever is issued to it again was let by a reissue, which takes the end back.
      else if (record.kind === 'issued' || record.kind === 'renewed') ended.delete(record.details.identity);
      else if (record.kind === 'bearer token created') {
        ended.delete(record.details.identity);
        withToken.add(record.details.identity);
      }
    },
    async compare(records) {
      const rows = (await records.identities.odd()).map((row) => ({ ...row, identity: identityLabel(row) }));
      const endedRows = new Set(rows.filter((row) => row.ended === 1).map(({ identity }) => identity));
      return [
        ...[...ended]
          .filter(([identity]) => !endedRows.has(identity))
          .map(([identity, sequence]) => `${identity} (record ${sequence}) was ended, and goes on on record`),
        ...[...endedRows]
          .filter((identity) => !ended.has(identity))
          .map((identity) => `${identity} is ended on record, and the log does not say so`),
        ...rows
          .filter((row) => row.certified === 0 && row.ended === 0 && !withToken.has(row.identity))
          .map(({ identity }) => `${identity} is on record, and nothing was issued to it`),
      ];
    },
  };
}
