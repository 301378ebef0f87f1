import { hash } from 'node:crypto';
import { asBuffer, minuteMs } from '../../../base/index.ts';
import {
  type BearerTokenRow,
  type ClientBoundsRow,
  type EscrowRow,
  identityLabel,
  identityOf,
  type JoinCodeRow,
  type Records,
} from '../../records/index.ts';
import type { RecordNamed } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

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

const pageSize = 200;

/** Sealed passwords: each that was left is there, byte for byte, and no other. */
export function escrowClaims(): Claims {
  /** Where a restore may have lost one, the record counts for none. */
  const left = new Map<string, { readonly sequence: number; required: boolean }>();
  return {
    note(record) {
      if (record.kind === 'escrowed') left.set(keyOf(record), { sequence: record.sequence, required: true });
      const from = lostAfter(record);
      if (from === undefined) return;
      for (const entry of left.values()) if (entry.sequence > from) entry.required = false;
    },
    async compare(records) {
      const problems: string[] = [];
      for await (const { identity, repository, sealed } of rowsOf(records)) {
        const keys = [hash('sha256', sealed), null].map((sha256) =>
          JSON.stringify([identity, repository, sha256]),
        );
        const entry = keys.map((key) => left.get(key)).find((each) => each !== undefined);
        if (entry !== undefined) entry.required = false;
        else
          problems.push(
            `a sealed password of ${identity} is on record, and the log does not say that it was left`,
          );
      }
      const missing = [...left.values()].filter(({ required }) => required);
      return [
        ...problems,
        ...missing.map(({ sequence }) => `the sealed password of record ${sequence} is not on record`),
      ];
    },
  };
}

/** The first records of this kind did not say what was left. */
function keyOf({ by, details }: RecordNamed<'escrowed'>): string {
  return JSON.stringify([by, details.repository, details.sha256 ?? null]);
}

async function* rowsOf({ escrows }: Records): AsyncGenerator<EscrowRow> {
  for (let after = 0; ; ) {
    const rows = await escrows.after(after, pageSize);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

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
        ...rows.flatMap((row) => tokenProblemOf(row, tokens.get(row.id)) ?? []),
      ];
    },
  };
}

function tokenOf({ details, sequence }: RecordNamed<'bearer token created'>): Token {
  const { identity, sha256, expires } = details;
  return { sequence, identity, sha256, expiresAt: Date.parse(expires), revoked: false };
}

function tokenProblemOf(row: BearerTokenRow, token: Token | undefined): string | undefined {
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

/** The clock was asked twice in one transaction. */
const toleranceMs = minuteMs;

/** Requests: what was approved or denied stays so for as long as it is kept, and nothing else is denied. */
export function requestClaims(): Claims {
  const decided = new Map<number, { readonly state: string; readonly atMs: number }>();
  return {
    note(record) {
      if (record.kind === 'requested') decided.delete(record.details.request);
      else if (record.kind === 'approved' || record.kind === 'denied')
        decided.set(record.details.request, decisionOf(record));
    },
    async compare(records) {
      const rows = await records.requests.all();
      return rows.flatMap((row) => {
        const decision = decided.get(row.id);
        // The number of one that was removed can have been given again.
        const isOfIt = decision !== undefined && row.asked_at <= decision.atMs + toleranceMs;
        const expected = isOfIt ? decision.state : undefined;
        if (expected === undefined && row.state !== 'denied') return [];
        if (expected === row.state) return [];
        return [`request ${row.id} is ${row.state} on record, and ${expected ?? 'not decided'} in the log`];
      });
    },
  };
}

function decisionOf({ kind, at }: RecordNamed<'approved' | 'denied'>): {
  readonly state: string;
  readonly atMs: number;
} {
  return { state: kind, atMs: Date.parse(at) };
}

/** What single clients may do: as it was decided last, and nothing of others. */
export function clientBoundsClaims(): Claims {
  const bounded = new Map<string, RecordNamed<'client bounded'>>();
  return {
    note(record) {
      if (record.kind === 'client bounded') bounded.set(identityOf(record.details.identity).name, record);
    },
    async compare(records) {
      const rows = await records.clientBounds.all();
      const known = new Set(rows.map(({ name }) => name));
      const missing = [...bounded].filter(([name]) => !known.has(name));
      return [
        ...missing.map(
          ([name, { sequence }]) => `what client/${name} may (record ${sequence}) is not on record`,
        ),
        ...rows.flatMap((row) => boundsProblemOf(row, bounded.get(row.name)) ?? []),
      ];
    },
  };
}

function boundsProblemOf(
  row: ClientBoundsRow,
  record: RecordNamed<'client bounded'> | undefined,
): string | undefined {
  if (record === undefined)
    return `what client/${row.name} may is on record, and the log does not say that it was decided`;
  const { prune, quota, quarantined } = record.details;
  const isSame =
    row.may_prune === Number(prune) &&
    row.quota_bytes === quota &&
    (row.quarantined_at !== null) === quarantined;
  return isSame
    ? undefined
    : `client/${row.name} may something else on record than record ${record.sequence} says`;
}

/** Alarms of clients: those that were raised and are not over, and no others. */
export function alarmClaims(): Claims {
  const raised = new Map<string, number>();
  return {
    note(record) {
      if (record.kind !== 'alarm raised' && record.kind !== 'alarm over') return;
      const key = `${record.details.alarm} of ${record.details.identity}`;
      if (record.kind === 'alarm over') raised.delete(key);
      else raised.set(key, record.sequence);
    },
    async compare(records) {
      const rows = await records.clientAlarms.all();
      const known = new Set(rows.map(({ name, alarm }) => `${alarm} of client/${name}`));
      return [
        ...[...raised]
          .filter(([key]) => !known.has(key))
          .map(([key, sequence]) => `the alarm ${key} (record ${sequence}) is not on record`),
        ...[...known]
          .filter((key) => !raised.has(key))
          .map((key) => `the alarm ${key} is on record, and the log does not say that it was raised`),
      ];
    },
  };
}
