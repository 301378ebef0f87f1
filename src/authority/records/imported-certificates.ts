import type { Bytes } from '../../base/index.ts';
import type { Queries, SqlValue } from '../../db/index.ts';
import type { RevocationReason, SerialNumber } from '../../pki/index.ts';
import type { RecordedState } from './certificate-filter.ts';
import type { Revocation, RevokedRow } from './certificates.ts';
import { marks, padded } from './statement.ts';

/** A certificate that the root had issued before it was adopted. Times are milliseconds since 1970. */
export interface ImportedCertificateRow {
  readonly id: number;
  /** Label of the root. */
  readonly issuer: string;
  readonly serial: SerialNumber;
  /** Its subject as text; null where nothing but the number is known. */
  readonly subject: string | null;
  /** Null where it is not known: then it stays on revocation lists for ever. */
  readonly not_after: number | null;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
  /** DER; null where it was not at hand. */
  readonly certificate: Bytes | null;
}

/** What one is put on record with. */
export type NewImportedCertificate = Omit<ImportedCertificateRow, 'id'>;

/** Which of them are meant; all when nothing is said. */
export interface ImportedFilter {
  readonly state?: RecordedState;
  /** Part of the subject, or the beginning of the serial number. */
  readonly search?: string;
  readonly limit: number;
  /** The row after which the page begins. */
  readonly after?: number;
}

/** What the root had issued before it was adopted: no identities, and looked at by whoever asks for revocations. */
export class ImportedCertificateRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** One that is revoked counts among the revocations of its issuer. */
  async insert(row: NewImportedCertificate): Promise<void> {
    await this.#queries.run(
      `INSERT INTO imported_certificates
        (issuer, serial, subject, not_after, revoked_at, revocation_reason, certificate) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      row.issuer,
      row.serial,
      row.subject,
      row.not_after,
      row.revoked_at,
      row.revocation_reason,
      row.certificate,
    );
    if (row.revoked_at !== null) await this.#count(row.issuer);
  }

  find(serial: SerialNumber): Promise<ImportedCertificateRow | undefined> {
    const sql = `SELECT ${columns} FROM imported_certificates WHERE serial = ?`;
    return this.#queries.get<ImportedCertificateRow>(sql, serial);
  }

  /** Whether there is none. */
  async isEmpty(): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM imported_certificates LIMIT 1')) === undefined;
  }

  /** The first three serial numbers that begin with some digits. */
  async serialsFrom(digits: string): Promise<SerialNumber[]> {
    const rows = await this.#queries.all<{ serial: SerialNumber }>(
      'SELECT serial FROM imported_certificates WHERE serial >= ? AND serial < ? ORDER BY serial LIMIT 3',
      digits,
      `${digits}g`,
    );
    return rows.map(({ serial }) => serial);
  }

  /** Those that `filter` lets through, in the order they were imported. */
  list(
    { state, search, limit, after = 0 }: ImportedFilter,
    nowMs: number,
  ): Promise<ImportedCertificateRow[]> {
    const conditions = [
      { sql: 'id > ?', values: [after] },
      ...(state === undefined ? [] : [stateCondition(state, nowMs)]),
      ...(search === undefined ? [] : [searchCondition(search)]),
    ];
    return this.#queries.all<ImportedCertificateRow>(
      `SELECT ${columns} FROM imported_certificates WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
        ORDER BY id LIMIT ?`,
      ...conditions.flatMap(({ values }) => values),
      limit,
    );
  }

  /** For ever; false for one that is revoked already or not on record. */
  async revoke(serial: SerialNumber, { atMs, reason }: Revocation): Promise<boolean> {
    const row = await this.#queries.get<{ issuer: string }>(
      `UPDATE imported_certificates SET revoked_at = ?, revocation_reason = ? WHERE serial = ? AND revoked_at IS NULL
        RETURNING issuer`,
      atMs,
      reason,
      serial,
    );
    if (row !== undefined) await this.#count(row.issuer);
    return row !== undefined;
  }

  /** A page of what the list of their issuer has to say, by row: those revoked that had not ended at `sinceMs`. */
  revokedAfter(
    after: number,
    { issuer, sinceMs, limit }: { readonly issuer: string; readonly sinceMs: number; readonly limit: number },
  ): Promise<(Omit<RevokedRow, 'not_after'> & { readonly id: number })[]> {
    return this.#queries.all(
      `SELECT id, serial, revoked_at, revocation_reason FROM imported_certificates
        WHERE issuer = ? AND revoked_at IS NOT NULL AND coalesce(not_after, ?) >= ? AND id > ? ORDER BY id LIMIT ?`,
      issuer,
      sinceMs,
      sinceMs,
      after,
      limit,
    );
  }

  /** What some serial numbers stand for, at most a thousand. */
  async logged(serials: readonly string[]): Promise<ImportedCertificateRow[]> {
    const [first, ...others] = serials;
    if (first === undefined) return [];
    const values = padded([first, ...others]);
    return await this.#queries.all<ImportedCertificateRow>(
      `SELECT ${columns} FROM imported_certificates WHERE serial IN (${marks(values.length)})`,
      ...values,
    );
  }

  /** How many there are, and how many of them are revoked. */
  async count(): Promise<{ readonly all: number; readonly revoked: number }> {
    const row = await this.#queries.get<{ n: number; revoked: number }>(
      'SELECT count(*) AS n, count(revoked_at) AS revoked FROM imported_certificates',
    );
    return { all: row?.n ?? 0, revoked: row?.revoked ?? 0 };
  }

  async #count(issuer: string): Promise<void> {
    await this.#queries.run('UPDATE issuers SET revocations = revocations + 1 WHERE label = ?', issuer);
  }
}

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

function stateCondition(state: RecordedState, nowMs: number): Condition {
  if (state === 'revoked') return { sql: 'revoked_at IS NOT NULL', values: [] };
  const compared = state === 'valid' ? '>=' : '<';
  return { sql: `revoked_at IS NULL AND coalesce(not_after, ?) ${compared} ?`, values: [nowMs, nowMs] };
}

function searchCondition(search: string): Condition {
  const wanted = search.toLowerCase();
  const literally = wanted.replaceAll(/[%_\\]/g, (character) => `\\${character}`);
  const digits = wanted.replaceAll(':', '');
  return {
    sql: "(lower(coalesce(subject, '')) LIKE ? ESCAPE '\\' OR substr(serial, 1, ?) = ?)",
    values: [`%${literally}%`, digits.length, digits],
  };
}

const columns = 'id, issuer, serial, subject, not_after, revoked_at, revocation_reason, certificate';
