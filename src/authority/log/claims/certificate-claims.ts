import { type Bytes, minuteMs, secondMs } from '../../../base/index.ts';
import type { Queries } from '../../../db/index.ts';
import { fingerprint } from '../../../pki/index.ts';
import type { LogRecord } from '../log-record.ts';
import type { Claims } from './claims.ts';

interface IssuedRow {
  readonly serial: string;
  readonly identity: string | null;
  readonly not_after: number | null;
  readonly certificate: Bytes | null;
  /** Whether the join code that the record names knows of the key; null where it names none that is on record. */
  readonly used: number | null;
}

interface RevokedRow {
  readonly serial: string;
  readonly revoked_at: number | null;
  readonly revocation_reason: string | null;
}

/**
 * Certificates: what was issued is there as it was issued, with the use of its join code, and nothing else is; what was
 * revoked is revoked, and nothing else is. Of a million no more than a page is in memory.
 */
export function certificateClaims(): Claims {
  let page: LogRecord[] = [];
  let issued = 0;
  let revoked = 0;
  return {
    note(record) {
      if (isIssuing(record)) issued += 1;
      else if (record.kind === 'revoked') revoked += serialsOf(record).length;
      else return;
      page.push(record);
    },
    async lookUp(queries) {
      const records = page;
      page = [];
      const issuing = await lookUpIssued(queries, records.filter(isIssuing));
      return [
        ...issuing,
        ...(await lookUpRevoked(
          queries,
          records.filter(({ kind }) => kind === 'revoked'),
        )),
      ];
    },
    async compare(queries) {
      return [
        ...(await unloggedOf(queries, { logged: issued, ...allIssued })),
        ...(await unloggedOf(queries, { logged: revoked, ...allRevoked })),
      ];
    },
  };
}

function isIssuing({ kind }: LogRecord): boolean {
  return kind === 'issued' || kind === 'renewed';
}

function serialsOf({ details }: LogRecord): string[] {
  return Array.isArray(details['serials']) ? (details['serials'] as unknown[]).map(String) : [];
}

async function lookUpIssued(queries: Queries, records: readonly LogRecord[]): Promise<string[]> {
  if (records.length === 0) return [];
  const bySerial = new Map(records.map((record) => [String(record.details['serial']), record]));
  const wanted = [...bySerial].map(([serial, { details }]) => [serial, details['token'] ?? null]);
  const rows = await queries.all<IssuedRow>(
    `SELECT w.value ->> 0 AS serial, i.role || '/' || i.name AS identity, c.not_after, c.certificate,
        (SELECT EXISTS (SELECT 1 FROM certificates k JOIN join_code_uses u ON u.certificate = k.id
          WHERE k.public_key = c.public_key AND u.join_code = j.id) FROM join_codes j WHERE j.id = w.value ->> 1) AS used
      FROM json_each(?) w LEFT JOIN certificates c ON c.serial = w.value ->> 0
      LEFT JOIN identities i ON i.id = c.identity`,
    JSON.stringify(wanted),
  );
  return rows.flatMap((row) => issuedProblem(bySerial.get(row.serial), row) ?? []);
}

function issuedProblem(
  record: LogRecord | undefined,
  { serial, identity, not_after, certificate, used }: IssuedRow,
): string | undefined {
  if (record === undefined) return undefined;
  const { details, sequence } = record;
  const of = `certificate ${serial} of ${String(details['identity'])} (record ${sequence})`;
  if (certificate === null) return `${of} was issued and is not on record`;
  if (fingerprint(certificate) !== details['fingerprint']) return `${of} is another one than was issued`;
  if (identity !== details['identity']) return `${of} is on record as one of ${identity}`;
  if (Math.abs((not_after ?? 0) - Date.parse(String(details['notAfter']))) >= secondMs)
    return `${of} is on record with another end`;
  if (used === 0) return `${of} came by join code ${String(details['token'])}, which does not know of it`;
  return undefined;
}

async function lookUpRevoked(queries: Queries, records: readonly LogRecord[]): Promise<string[]> {
  const bySerial = new Map(records.flatMap((record) => serialsOf(record).map((serial) => [serial, record])));
  if (bySerial.size === 0) return [];
  const rows = await queries.all<RevokedRow>(
    `SELECT w.value AS serial, c.revoked_at, c.revocation_reason
      FROM json_each(?) w LEFT JOIN certificates c ON c.serial = w.value`,
    JSON.stringify([...bySerial.keys()]),
  );
  return rows.flatMap((row) => revokedProblem(bySerial.get(row.serial), row) ?? []);
}

/** The clock was asked twice in one transaction. */
const toleranceMs = minuteMs;

function revokedProblem(
  record: LogRecord | undefined,
  { serial, revoked_at, revocation_reason }: RevokedRow,
): string | undefined {
  if (record === undefined) return undefined;
  const { details, sequence, at } = record;
  const of = `certificate ${serial} (record ${sequence})`;
  if (revoked_at === null) return `${of} was revoked, and is not revoked on record`;
  if (Math.abs(revoked_at - Date.parse(at)) > toleranceMs)
    return `${of} is on record as revoked at another time`;
  if (revocation_reason !== details['reason']) return `${of} is on record as revoked for another reason`;
  return undefined;
}

/** What rows there may be, and how the log names them. */
interface Unlogged {
  /** How many the log names; all of them are known to be there. */
  readonly logged: number;
  readonly rows: string;
  readonly named: string;
  readonly problem: string;
}

const allIssued = {
  rows: 'SELECT id, serial FROM certificates',
  named: `SELECT record ->> '$.details.serial' AS serial FROM log WHERE record ->> '$.kind' IN ('issued', 'renewed')`,
  problem: 'is on record, and the log does not say that it was issued',
};

/** Of keys alone, what a revoked issuer had signed before is revoked with it, and not named one by one. */
const allRevoked = {
  rows: `SELECT id, serial FROM certificates c WHERE revoked_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM issuers s, authority a WHERE s.label = c.issuer AND s.revoked_at IS NOT NULL AND c.issued_at < a.trusts_before)`,
  named: `SELECT s.value AS serial FROM log, json_each(log.record, '$.details.serials') s
    WHERE log.record ->> '$.kind' = 'revoked'`,
  problem: 'is revoked on record, and the log does not say so',
};

/** All that the log names is there: as many rows are no others. Only when there are more is it looked which. */
async function unloggedOf(queries: Queries, { logged, rows, named, problem }: Unlogged): Promise<string[]> {
  const count = await queries.get<{ n: number }>(`SELECT count(*) AS n FROM (${rows})`);
  if ((count?.n ?? 0) <= logged) return [];
  const more = await queries.all<{ serial: string }>(
    `SELECT serial FROM (${rows}) WHERE serial NOT IN (${named}) ORDER BY id LIMIT 100`,
  );
  return more.map(({ serial }) => `certificate ${serial} ${problem}`);
}
