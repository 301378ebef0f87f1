import { identityLabel, type JoinCodeRow } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

interface Code {
  readonly sequence: number;
  readonly identity: string;
  readonly reissue: boolean;
  readonly uses: number;
  readonly expiresAt: number;
  revoked: boolean;
}

/** Join codes: each is there as it was made, revoked where it was revoked, and counts the uses that are on record. */
export function joinCodeClaims(): Claims {
  const codes = new Map<number, Code>();
  /** The numbers of the codes that were made for an identity. */
  const made = new Map<string, number[]>();
  return {
    note(record) {
      if (record.kind === 'token created') {
        const { token, identity } = record.details;
        codes.set(token, codeOf(record));
        made.set(identity, [...(made.get(identity) ?? []), token]);
      }
      if (record.kind === 'token revoked') markRevoked(codes.get(record.details.token), record.details);
      // With an identity all codes of its name end that have not expired, those that were used too.
      if (record.kind === 'revoked' && record.details.whole === true) {
        const { identity } = record.details;
        for (const each of made.get(identity) ?? [])
          markRevoked(codes.get(each), { identity, atMs: Date.parse(record.at) });
      }
      const from = lostAfter(record);
      if (from === undefined) return;
      for (const [id, { sequence }] of codes) if (sequence > from) codes.delete(id);
    },
    async compare(records) {
      const rows = await records.joinCodes.all();
      const known = new Set(rows.map(({ id }) => id));
      const missing = [...codes].filter(([id]) => !known.has(id));
      return [
        ...missing.map(([id, { sequence }]) => `join code ${id} (record ${sequence}) is not on record`),
        ...rows.flatMap((row) => problemOf(row, codes.get(row.id)) ?? []),
      ];
    },
  };
}

function codeOf({ details, sequence }: RecordNamed<'token created'>): Code {
  const { identity, reissue, uses, expires } = details;
  return { sequence, identity, reissue, uses, expiresAt: Date.parse(expires), revoked: false };
}

/** The number of one that a restore has lost can have been given to another. */
function markRevoked(
  code: Code | undefined,
  { identity, atMs = 0 }: { readonly identity: string; readonly atMs?: number },
): void {
  if (code !== undefined && code.identity === identity && code.expiresAt >= atMs) code.revoked = true;
}

function problemOf(row: JoinCodeRow & { readonly used: number }, code: Code | undefined): string | undefined {
  if (code === undefined)
    return `join code ${row.id} is on record, and the log does not say that it was made`;
  const of = `join code ${row.id} (record ${code.sequence})`;
  const isSame =
    identityLabel(row) === code.identity &&
    row.reissue === Number(code.reissue) &&
    row.max_uses === code.uses &&
    row.expires_at === code.expiresAt;
  if (!isSame) return `${of} is another one on record than was made`;
  if ((row.revoked_at !== null) !== code.revoked)
    return `${of} was ${code.revoked ? 'revoked, and is not on record' : 'not revoked, and is on record'}`;
  if (row.uses !== row.used) return `${of} counts ${row.uses} uses on record, and has ${row.used}`;
  return undefined;
}
