import type { SqlValue } from '../db/index.ts';
import { parseFingerprint, type Role, type SerialNumber } from '../pki/index.ts';
import { fingerprintName } from './certificate-names.ts';

/** What a certificate on record is good for. */
export type RecordedState = 'valid' | 'expired' | 'revoked';

/** Which certificates are meant; all of them when nothing is said. */
export interface CertificateFilter {
  readonly role?: Role;
  readonly name?: string;
  readonly serial?: SerialNumber;
  readonly state?: RecordedState;
  /** Only valid ones that end before, and whose identity has none that goes on longer: those still to be replaced. */
  readonly expiringBefore?: Date;
  /**
   * The beginning of a serial number, of a fingerprint (`SHA256:` may be left away), of a node's name, or of a host name
   * or address in the certificate. Of what is found each way, the first 1,000 are looked at.
   */
  readonly search?: string;
  /** How many at most, the newest first; 1,000 unless said. */
  readonly limit?: number;
  /** How many of the newest are passed over. */
  readonly offset?: number;
}

/** A part of a WHERE clause, over `c` (certificates) and `i` (identities). */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** One condition for each part of the filter that is there, so that the index of just that part can be used. */
export function conditionsOf(filter: CertificateFilter, nowMs: number): Condition[] {
  const { role, name, serial, state, expiringBefore, search } = filter;
  return [
    equals('i.role', role),
    equals('i.name', name),
    equals('c.serial', serial),
    state && stateCondition(state, nowMs),
    expiringBefore && expiring(expiringBefore.getTime(), nowMs),
    search === undefined ? undefined : found(search.trim().toLowerCase()),
  ].filter((condition) => condition !== undefined);
}

function equals(column: string, value: string | undefined): Condition | undefined {
  return value === undefined ? undefined : { sql: `${column} = ?`, values: [value] };
}

function stateCondition(state: RecordedState, nowMs: number): Condition {
  if (state === 'revoked')
    return { sql: `(c.revoked_at IS NOT NULL OR c.issuer IN (${revokedIssuers}))`, values: [] };
  const operator = state === 'valid' ? '>=' : '<';
  const sql = `c.revoked_at IS NULL AND c.issuer NOT IN (${revokedIssuers}) AND c.not_after ${operator} ?`;
  return { sql, values: [nowMs] };
}

const revokedIssuers = 'SELECT label FROM issuers WHERE revoked_at IS NOT NULL';

function expiring(beforeMs: number, nowMs: number): Condition {
  return {
    sql: `c.id IN (SELECT (SELECT max(last.id) FROM certificates last
        WHERE last.identity = e.id AND last.revoked_at IS NULL AND last.not_after = e.live_until)
      FROM identities e WHERE e.live_until >= ? AND e.live_until < ?)`,
    values: [nowMs, beforeMs],
  };
}

function found(text: string): Condition {
  return {
    sql: `c.id IN (
      SELECT * FROM (SELECT id FROM certificates WHERE serial >= ? AND serial < ? LIMIT 1000)
      UNION SELECT * FROM (SELECT certificate FROM certificate_names WHERE name >= ? AND name < ? LIMIT 1000)
      UNION SELECT * FROM (SELECT certificate FROM certificate_names WHERE name >= ? AND name < ? LIMIT 1000)
      UNION SELECT * FROM (SELECT o.id FROM identities n JOIN certificates o ON o.identity = n.id
        WHERE n.name >= ? AND n.name < ? LIMIT 1000))`,
    values: [text, text, fingerprintPrefix(text), text].flatMap((prefix) => [prefix, `${prefix}\u{10ffff}`]),
  };
}

function fingerprintPrefix(text: string): string {
  const whole = parseFingerprint(text);
  return whole === undefined
    ? `sha256:${text.replace(/^sha256:/, '').replaceAll(':', '')}`
    : fingerprintName(whole);
}
