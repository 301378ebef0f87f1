import { asBuffer } from '../../../base/index.ts';
import { type BearerTokenRow, identityLabel } from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import type { Claims } from './claims.ts';

interface Token {
  readonly sequence: number;
  readonly identity: string;
  readonly sha256: string;
  readonly expiresAt: number;
  revoked: boolean;
}

/** Bearer tokens: each is there as it was made, and revoked where it was revoked. */
export function bearerTokenClaims(): Claims {
  const tokens = new Map<number, Token>();
  const revoke = (id: number): void => {
    const token = tokens.get(id);
    if (token !== undefined) token.revoked = true;
  };
  return {
    note(record) {
      if (record.kind === 'bearer token created') tokens.set(record.details.bearerToken, tokenOf(record));
      if (record.kind === 'bearer token revoked') revoke(record.details.bearerToken);
      if (record.kind === 'revoked') for (const id of record.details.bearerTokens ?? []) revoke(id);
    },
    async compare(records) {
      const rows = await records.bearerTokens.all();
      const known = new Set(rows.map(({ id }) => id));
      const missing = [...tokens].filter(([id]) => !known.has(id));
      return [
        ...missing.map(([id, { sequence }]) => `bearer token ${id} (record ${sequence}) is not on record`),
        ...rows.flatMap((row) => problemOf(row, tokens.get(row.id)) ?? []),
      ];
    },
  };
}

function tokenOf({ details, sequence }: RecordNamed<'bearer token created'>): Token {
  const { identity, sha256, expires } = details;
  return { sequence, identity, sha256, expiresAt: Date.parse(expires), revoked: false };
}

function problemOf(row: BearerTokenRow, token: Token | undefined): string | undefined {
  if (token === undefined)
    return `bearer token ${row.id} is on record, and the log does not say that it was made`;
  const of = `bearer token ${row.id} (record ${token.sequence})`;
  const isSame =
    identityLabel(row) === token.identity &&
    asBuffer(row.secret_hash).toString('hex') === token.sha256 &&
    row.expires_at === token.expiresAt;
  if (!isSame) return `${of} is another one on record than was made`;
  if ((row.revoked_at !== null) === token.revoked) return undefined;
  return `${of} was ${token.revoked ? 'revoked, and is not on record' : 'not revoked, and is on record'}`;
}
