import { type Clock, mapInTurns } from '../base/index.ts';
import type { Database, Queries } from '../db/index.ts';
import {
  type Certificate,
  parseCertificate,
  type RevocationReason,
  type Role,
  type SerialNumber,
} from '../pki/index.ts';
import { type CertificateFilter, conditionsOf, type RecordedState, sourceOf } from './certificate-filter.ts';

/** What can be seen of a certificate on record. */
export interface CertificateRecord {
  readonly serial: SerialNumber;
  readonly role: Role;
  readonly name: string;
  readonly state: RecordedState;
  readonly issuedAt: Date;
  readonly revokedAt?: Date;
  /** With `revokedAt`. */
  readonly revocationReason?: RevocationReason;
  /** There when it is revoked because its issuer is, and not by itself: it may still be renewed. */
  readonly byIssuer?: true;
  readonly certificate: Certificate;
}

interface CertificateRow {
  readonly serial: SerialNumber;
  readonly role: Role;
  readonly name: string;
  readonly not_after: number;
  readonly issued_at: number;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
  readonly by_issuer: number;
  readonly certificate: Uint8Array;
}

const defaultLimit = 1000;

/** What was issued, for looking at. */
export class CertificateRecords {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** The certificates that `filter` lets through, the newest first; of those that end soon, the soonest. */
  async list(filter: CertificateFilter = {}): Promise<CertificateRecord[]> {
    const nowMs = this.#clock.now();
    const { limit = defaultLimit } = filter;
    const { from, orderBy } = sourceOf(filter);
    const conditions = await conditionsOf(this.#database, filter, nowMs);
    const rows = await this.#database.all<CertificateRow>(
      `SELECT c.serial, i.role, i.name, c.not_after, c.issued_at, coalesce(c.revoked_at, s.revoked_at) AS revoked_at,
          iif(c.revoked_at IS NULL, s.revocation_reason, c.revocation_reason) AS revocation_reason,
          c.revoked_at IS NULL AND s.revoked_at IS NOT NULL AS by_issuer, c.certificate
        FROM ${from} CROSS JOIN issuers s ON s.label = c.issuer
        WHERE ${['TRUE', ...conditions.map(({ sql }) => sql)].join(' AND ')}
        ORDER BY ${orderBy} LIMIT ?`,
      ...conditions.flatMap(({ values }) => values),
      limit,
    );
    return await mapInTurns(rows, (row) => toRecord(row, nowMs));
  }

  /** The certificate with this serial number, or undefined. */
  async show(serial: SerialNumber): Promise<CertificateRecord | undefined> {
    const [record] = await this.list({ serial, limit: 1 });
    return record;
  }
}

/** A certificate that was issued before and is to be answered with again, or built upon. */
export interface IssuedRow {
  readonly id: number;
  readonly serial: SerialNumber;
  readonly identity: number;
  /** Label of the certificate that issued it. */
  readonly issuer: string;
  readonly public_key: Uint8Array;
  readonly not_after: number;
  readonly revoked_at: number | null;
  readonly certificate: Uint8Array;
}

const issuedColumns = 'id, serial, identity, issuer, public_key, not_after, revoked_at, certificate';

/** The row of a serial number, or undefined. */
export function findIssued(queries: Queries, serial: SerialNumber): Promise<IssuedRow | undefined> {
  return queries.get<IssuedRow>(`SELECT ${issuedColumns} FROM certificates WHERE serial = ?`, serial);
}

/** The newest certificate of a public key, or undefined. */
export function findNewestOfKey(queries: Queries, publicKey: Uint8Array): Promise<IssuedRow | undefined> {
  const sql = `SELECT ${issuedColumns} FROM certificates WHERE public_key = ? ORDER BY id DESC LIMIT 1`;
  return queries.get<IssuedRow>(sql, publicKey);
}

/** Whether a certificate can still be used at `nowMs`. */
export function isLive(
  { revoked_at, not_after }: Pick<IssuedRow, 'revoked_at' | 'not_after'>,
  nowMs: number,
): boolean {
  return revoked_at === null && nowMs <= not_after;
}

function toRecord(row: CertificateRow, nowMs: number): CertificateRecord {
  const { serial, role, name, issued_at, revoked_at, revocation_reason, certificate } = row;
  const live = isLive(row, nowMs) ? 'valid' : 'expired';
  return {
    serial,
    role,
    name,
    state: revoked_at === null ? live : 'revoked',
    issuedAt: new Date(issued_at),
    ...(revoked_at !== null && {
      revokedAt: new Date(revoked_at),
      revocationReason: revocation_reason ?? 'unspecified',
    }),
    ...(row.by_issuer === 1 && { byIssuer: true as const }),
    certificate: parseCertificate(certificate),
  };
}
