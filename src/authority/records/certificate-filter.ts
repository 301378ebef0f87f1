import { hash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { Queries, SqlValue } from '../../db/index.ts';
import {
  type Fingerprint,
  type GeneralName,
  parseFingerprint,
  type Role,
  type SerialNumber,
} from '../../pki/index.ts';

/** What a certificate on record is good for. */
export type RecordedState = 'valid' | 'expired' | 'revoked';

/** Which certificates are meant; all of them when nothing is said. */
export interface CertificateFilter {
  readonly role?: Role;
  readonly name?: string;
  readonly serial?: SerialNumber;
  readonly state?: RecordedState;
  /**
   * Only valid ones that end before, and whose identity has none that goes on longer: those still to be replaced, the
   * soonest first.
   */
  readonly expiringBefore?: Date;
  /**
   * The beginning of a serial number, of a fingerprint (`SHA256:` may be left away), of a node's name, or of a host name
   * or address in the certificate. Of what is found each way, the first 1,000 are looked at.
   */
  readonly search?: string;
  /** How many at most; 1,000 unless said. */
  readonly limit?: number;
  /** Only those that are listed after this one; none when there is no such one. */
  readonly after?: SerialNumber;
}

/** A part of a WHERE clause, over `c` (certificates) and `i` (identities). */
interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Where certificates are looked for, and in which order. */
interface CertificateSource {
  readonly from: string;
  /** What belongs together. */
  readonly joined: string;
  readonly orderBy: string;
  /** That a certificate is listed after the one with a serial number. */
  readonly after: string;
}

const newestFirst: CertificateSource = {
  from: 'certificates c, identities i',
  joined: 'i.id = c.identity',
  orderBy: 'c.id DESC',
  after: 'c.id < (SELECT id FROM certificates WHERE serial = ?)',
};

/** Each identity with its certificate that goes on longest. The plus is for those that all end with their issuer. */
const soonestFirst: CertificateSource = {
  from: 'identities i CROSS JOIN certificates c',
  joined: `c.id = (SELECT max(last.id) FROM certificates last
    WHERE last.identity = i.id AND last.revoked_at IS NULL AND +last.not_after = i.live_until)`,
  orderBy: 'i.live_until, c.id',
  after: `(i.live_until, c.id) > (SELECT j.live_until, d.id
    FROM certificates d JOIN identities j ON j.id = d.identity WHERE d.serial = ?)`,
};

/** What is asked for with a filter: in an order that an index has, so that nothing waits for a million to be sorted. */
export function sourceOf({ expiringBefore }: CertificateFilter): CertificateSource {
  return expiringBefore === undefined ? newestFirst : soonestFirst;
}

/**
 * One condition for each part of the filter that is there, so that the index of just that part can be used; that is, where
 * it lets few through: of many the first ones are found sooner in the order in which they are listed.
 */
export async function conditionsOf(
  queries: Queries,
  filter: CertificateFilter,
  nowMs: number,
): Promise<Condition[]> {
  const { role, name, serial, state, expiringBefore, search, after } = filter;
  return [
    role && (await roleCondition(queries, role)),
    equals('i.name', name),
    equals('c.serial', serial),
    after === undefined ? undefined : { sql: sourceOf(filter).after, values: [after] },
    state && (await stateCondition(queries, state, nowMs)),
    expiringBefore && expiring(expiringBefore.getTime(), nowMs),
    search === undefined ? undefined : found(search.trim().toLowerCase()),
  ].filter((condition) => condition !== undefined);
}

function equals(column: string, value: string | undefined): Condition | undefined {
  return value === undefined ? undefined : { sql: `${column} = ?`, values: [value] };
}

/** The plus keeps SQLite from using the index. */
async function roleCondition(queries: Queries, role: Role): Promise<Condition> {
  const isUseful = await areFew(queries, 'identities', { sql: 'role = ?', values: [role] });
  return { sql: isUseful ? 'i.role = ?' : "i.role || '' = ?", values: [role] };
}

async function stateCondition(queries: Queries, state: RecordedState, nowMs: number): Promise<Condition> {
  if (state === 'revoked')
    return { sql: `(c.revoked_at IS NOT NULL OR c.issuer IN (${revokedIssuers}))`, values: [] };
  const sql = `c.revoked_at IS NULL AND c.issuer NOT IN (${revokedIssuers}) AND`;
  if (state === 'valid') return { sql: `${sql} +c.not_after >= ?`, values: [nowMs] };
  const hasEnded = { sql: 'not_after < ?', values: [nowMs] };
  return (await areFew(queries, 'certificates', hasEnded))
    ? { sql: `${sql} c.id IN (SELECT id FROM certificates WHERE not_after < ?)`, values: [nowMs] }
    : { sql: `${sql} +c.not_after < ?`, values: [nowMs] };
}

const few = 5000;

/** Whether a condition lets so few rows through that sorting them takes no time worth speaking of. */
async function areFew(queries: Queries, table: string, { sql, values }: Condition): Promise<boolean> {
  const count = `SELECT count(*) AS n FROM (SELECT 1 FROM ${table} WHERE ${sql} LIMIT ${few + 1}) AS found`;
  return ((await queries.get<{ n: number }>(count, ...values))?.n ?? 0) <= few;
}

const revokedIssuers = 'SELECT label FROM issuers WHERE revoked_at IS NOT NULL';

function expiring(beforeMs: number, nowMs: number): Condition {
  return { sql: 'i.live_until >= ? AND i.live_until < ?', values: [nowMs, beforeMs] };
}

function found(text: string): Condition {
  return {
    sql: `c.id IN (
      SELECT * FROM (SELECT id FROM certificates WHERE serial >= ? AND serial < ? LIMIT 1000) AS by_serial
      UNION SELECT * FROM (SELECT certificate FROM certificate_names WHERE name >= ? AND name < ? LIMIT 1000) AS by_print
      UNION SELECT * FROM (SELECT certificate FROM certificate_names WHERE name >= ? AND name < ? LIMIT 1000) AS by_host
      UNION SELECT * FROM (SELECT o.id FROM identities n JOIN certificates o ON o.identity = n.id
        WHERE n.name >= ? AND n.name < ? LIMIT 1000) AS by_node)`,
    values: [text, text, fingerprintPrefix(text), text].flatMap((prefix) => [prefix, `${prefix}\u{10ffff}`]),
  };
}

function fingerprintPrefix(text: string): string {
  const whole = parseFingerprint(text);
  return whole === undefined
    ? `sha256:${text.replace(/^sha256:/, '').replaceAll(':', '')}`
    : fingerprintName(whole);
}

/** What certificates are found by besides their serial numbers and their nodes' names: host names and fingerprints. */
export class CertificateNameRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** @param certificate its row; each has a name, its fingerprint at least */
  async insert(
    certificate: number,
    { fingerprint, names }: { readonly fingerprint: Fingerprint; readonly names: readonly GeneralName[] },
  ): Promise<void> {
    const hosts = names.flatMap((name) =>
      name.kind === 'dns' || name.kind === 'ip' ? [name.value.toLowerCase()] : [],
    );
    const all = [...new Set([fingerprintName(fingerprint), ...hosts])];
    const rows = all.map(() => '(?, ?)').join(', ');
    const sql = `INSERT INTO certificate_names (name, certificate) VALUES ${rows}`;
    await this.#queries.run(sql, ...all.flatMap((name) => [name, certificate]));
  }

  /** Whether there is none, as in a home from before certificates were found by names. */
  async isEmpty(): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM certificate_names LIMIT 1')) === undefined;
  }
}

/** Under which name a fingerprint stands beside the host names of a certificate: `sha256:4f1c…`. */
function fingerprintName(fingerprint: string): string {
  return `sha256:${fingerprint.slice('SHA256:'.length).replaceAll(':', '')}`;
}

/** What a public key is known by in the records: the SHA-256 of its SubjectPublicKeyInfo. */
export function publicKeyHash(spki: Bytes): Bytes {
  const known = hashes.get(spki);
  if (known !== undefined) return known;
  const made = hash('sha256', spki, 'buffer');
  hashes.set(spki, made);
  return made;
}

/** Several rules ask for that of one request. */
const hashes = new WeakMap<Bytes, Bytes>();
