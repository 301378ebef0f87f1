import type { Bytes } from '../../base/index.ts';
import type { Queries, SqlValue } from '../../db/index.ts';
import type { RevocationReason, Role, SerialNumber } from '../../pki/index.ts';
import { type CertificateFilter, conditionsOf, sourceOf } from './certificate-filter.ts';
import type { IdentityName } from './identities.ts';
import { gaveRow, marks, padded } from './statement.ts';

/** A certificate that was issued. Times are milliseconds since 1970. */
export interface CertificateRow {
  readonly id: number;
  readonly serial: SerialNumber;
  /** Row of its identity. */
  readonly identity: number;
  /** Label of the certificate that issued it. */
  readonly issuer: string;
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly public_key: Bytes;
  readonly not_after: number;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
  readonly certificate: Bytes;
}

/** What a new one is put on record with. */
export type NewCertificateRow = Omit<CertificateRow, 'id' | 'revoked_at' | 'revocation_reason'> & {
  readonly issued_at: number;
};

/** A certificate in a list, with its identity. */
export interface ListedCertificateRow
  extends IdentityName,
    Pick<CertificateRow, 'serial' | 'not_after' | 'revoked_at' | 'revocation_reason' | 'certificate'> {
  readonly issued_at: number;
  /** 1 when it is revoked because its issuer is, and not by itself. */
  readonly by_issuer: 0 | 1;
}

/** What a revocation list says of a certificate. */
export type RevokedRow = Pick<CertificateRow, 'serial' | 'not_after' | 'revoked_at' | 'revocation_reason'>;

/** What a serial number stands for, to be held against the log. */
export type LoggedRow = Pick<
  CertificateRow,
  'serial' | 'not_after' | 'revoked_at' | 'revocation_reason' | 'certificate'
> & {
  /** `client/laptop` */
  readonly identity: string;
  /** A join code that a certificate of its key came by; a row for each of several. */
  readonly join_code: number | null;
};

/** When and why something is revoked. */
export interface Revocation {
  readonly atMs: number;
  readonly reason: RevocationReason;
}

/** Every certificate that was issued. */
export class CertificateRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(serial: SerialNumber): Promise<CertificateRow | undefined> {
    return this.#queries.get<CertificateRow>(`SELECT ${columns} FROM certificates WHERE serial = ?`, serial);
  }

  /** Whether it was revoked, without the certificate itself: asked by the thousand. */
  standing(
    serial: SerialNumber,
  ): Promise<Pick<CertificateRow, 'issuer' | 'revoked_at' | 'revocation_reason'> | undefined> {
    const sql = 'SELECT issuer, revoked_at, revocation_reason FROM certificates WHERE serial = ?';
    return this.#queries.get(sql, serial);
  }

  /** By its row. */
  read(id: number): Promise<CertificateRow | undefined> {
    return this.#queries.get<CertificateRow>(`SELECT ${columns} FROM certificates WHERE id = ?`, id);
  }

  /** The newest one of a public key. */
  newestOf(publicKey: Bytes): Promise<CertificateRow | undefined> {
    const sql = `SELECT ${columns} FROM certificates WHERE public_key = ? ORDER BY id DESC LIMIT 1`;
    return this.#queries.get<CertificateRow>(sql, publicKey);
  }

  /** Whether there is none. */
  async isEmpty(): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM certificates LIMIT 1')) === undefined;
  }

  /** All of them, for what has to be made anew of each. */
  all(): Promise<Pick<CertificateRow, 'id' | 'certificate'>[]> {
    return this.#queries.all('SELECT id, certificate FROM certificates');
  }

  /** Those that `filter` lets through, the newest first; of those that end soon, the soonest. */
  async list(filter: CertificateFilter, nowMs: number, limit: number): Promise<ListedCertificateRow[]> {
    const { from, joined, orderBy } = sourceOf(filter);
    const conditions = await conditionsOf(this.#queries, filter, nowMs);
    return await this.#queries.all<ListedCertificateRow>(
      `SELECT c.serial, i.role, i.name, c.not_after, c.issued_at, coalesce(c.revoked_at, s.revoked_at) AS revoked_at,
          CASE WHEN c.revoked_at IS NULL THEN s.revocation_reason ELSE c.revocation_reason END AS revocation_reason,
          CASE WHEN c.revoked_at IS NULL AND s.revoked_at IS NOT NULL THEN 1 ELSE 0 END AS by_issuer, c.certificate
        FROM ${from} CROSS JOIN issuers s
        WHERE ${[joined, 's.label = c.issuer', ...conditions.map(({ sql }) => sql)].join(' AND ')}
        ORDER BY ${orderBy} LIMIT ?`,
      ...conditions.flatMap(({ values }) => values),
      limit,
    );
  }

  /** The first three serial numbers that begin with some digits. */
  async serialsFrom(digits: string): Promise<SerialNumber[]> {
    const rows = await this.#queries.all<{ serial: SerialNumber }>(
      'SELECT serial FROM certificates WHERE serial >= ? AND serial < ? ORDER BY serial LIMIT 3',
      digits,
      `${digits}g`,
    );
    return rows.map(({ serial }) => serial);
  }

  /** Gives its row. The names it is found by are put on record beside it. */
  async insert({ serial, identity, issuer, certificate, ...row }: NewCertificateRow): Promise<number> {
    const made = await this.#queries.get<{ id: number }>(
      `INSERT INTO certificates (serial, identity, issuer, public_key, not_after, issued_at, certificate)
        VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      serial,
      identity,
      issuer,
      row.public_key,
      row.not_after,
      row.issued_at,
      certificate,
    );
    return gaveRow(made).id;
  }

  /** Whether a public key was certified for somebody else than `identity`, and whether it was revoked as compromised. */
  async useOfKey(
    publicKey: Bytes,
    { role, name }: IdentityName,
  ): Promise<{ readonly isForeign: boolean; readonly isCompromised: boolean }> {
    const row = await this.#queries.get<{ foreign_use: number | null; compromised: number | null }>(
      `SELECT max(CASE WHEN i.role <> ? OR i.name <> ? THEN 1 ELSE 0 END) AS foreign_use,
          max(CASE WHEN c.revocation_reason = 'keyCompromise' THEN 1 ELSE 0 END) AS compromised
        FROM certificates c JOIN identities i ON i.id = c.identity WHERE c.public_key = ?`,
      role,
      name,
      publicKey,
    );
    return { isForeign: row?.foreign_use === 1, isCompromised: row?.compromised === 1 };
  }

  /** The newest certificate of each identity of some roles, where it is good at `nowMs`. */
  newestOfRoles(
    roles: readonly Role[],
    nowMs: number,
  ): Promise<(IdentityName & Pick<CertificateRow, 'certificate'>)[]> {
    return this.#queries.all(
      `SELECT i.role, i.name, c.certificate FROM identities i
        JOIN certificates c ON c.id = (SELECT max(id) FROM certificates WHERE identity = i.id)
        WHERE i.role IN (${marks(roles.length)}) AND c.revoked_at IS NULL AND c.not_after >= ?`,
      ...roles,
      nowMs,
    );
  }

  /** Every certificate of some roles that is good at `nowMs`, its issuer not looked at, in the order of their issue. */
  goodOfRoles(
    roles: readonly Role[],
    nowMs: number,
  ): Promise<Pick<CertificateRow, 'issuer' | 'certificate'>[]> {
    return this.#queries.all(
      `SELECT c.issuer, c.certificate FROM certificates c JOIN identities i ON i.id = c.identity
        WHERE i.role IN (${marks(roles.length)}) AND c.revoked_at IS NULL AND c.not_after >= ? ORDER BY c.id`,
      ...roles,
      nowMs,
    );
  }

  /** When the last certificate ends that each server has, where that is in a span of time. */
  endsOfServers(
    fromMs: number,
    untilMs: number,
  ): Promise<{ readonly name: string; readonly ends: number }[]> {
    return this.#queries.all(
      `SELECT i.name, max(c.not_after) AS ends FROM identities i JOIN certificates c ON c.identity = i.id
        WHERE i.role = 'server' AND c.revoked_at IS NULL GROUP BY i.id, i.name
        HAVING max(c.not_after) BETWEEN ? AND ?`,
      fromMs,
      untilMs,
    );
  }

  /** Everybody but servers who has a certificate that is good at `nowMs`: `client/laptop`, in order. */
  async holders(nowMs: number): Promise<string[]> {
    const rows = await this.#queries.all<{ label: string }>(
      `SELECT DISTINCT i.role || '/' || i.name AS label FROM identities i JOIN certificates c ON c.identity = i.id
        WHERE i.role <> 'server' AND c.revoked_at IS NULL AND c.not_after >= ? ORDER BY label`,
      nowMs,
    );
    return rows.map(({ label }) => label);
  }

  /** Revokes those of some serial numbers that are not; gives how many these were. */
  async revoke(serials: readonly SerialNumber[], { atMs, reason }: Revocation): Promise<number> {
    let revoked = 0;
    for (let from = 0; from < serials.length; from += revokedAtOnce) {
      const [first, ...others] = serials.slice(from, from + revokedAtOnce);
      if (first === undefined) break;
      const values = padded([first, ...others]);
      const sql = `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
        WHERE serial IN (${marks(values.length)}) AND revoked_at IS NULL`;
      revoked += (await this.#queries.run(sql, atMs, reason, ...values)).changes;
    }
    return revoked;
  }

  /** The serial numbers of all of a public key that are not revoked. */
  goodOfKey(publicKey: Bytes): Promise<SerialNumber[]> {
    return this.#goodWhere('public_key = ?', publicKey);
  }

  /** The serial numbers of all of an identity that are not revoked, and end at `endingFromMs` or later. */
  goodOfIdentity(identity: number, endingFromMs: number): Promise<SerialNumber[]> {
    return this.#goodWhere('identity = ? AND not_after >= ?', identity, endingFromMs);
  }

  /** Revokes what an issuer has issued before a restore from keys alone. */
  async revokeOfIssuerFromBefore(issuer: string, { atMs, reason }: Revocation): Promise<void> {
    await this.#queries.run(
      `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
        WHERE issuer = ? AND revoked_at IS NULL AND issued_at < (SELECT trusts_before FROM authority)`,
      atMs,
      reason,
      issuer,
    );
  }

  /** A page of what an issuer's list is made of, by end and serial number: the revoked ones, or `all` that it issued. */
  revokedAfter(
    { not_after, serial }: Pick<RevokedRow, 'not_after'> & { readonly serial: string },
    { issuer, all, limit }: { readonly issuer: string; readonly all: boolean; readonly limit: number },
  ): Promise<RevokedRow[]> {
    return this.#queries.all<RevokedRow>(
      `SELECT serial, not_after, revoked_at, revocation_reason FROM certificates
        WHERE issuer = ?${all ? '' : ' AND revoked_at IS NOT NULL'} AND (not_after, serial) > (?, ?)
        ORDER BY not_after, serial LIMIT ?`,
      issuer,
      not_after,
      serial,
      limit,
    );
  }

  /** What some serial numbers stand for, at most a thousand. */
  async logged(serials: readonly string[]): Promise<LoggedRow[]> {
    const [first, ...others] = serials;
    if (first === undefined) return [];
    const values = padded([first, ...others]);
    return await this.#queries.all<LoggedRow>(
      `SELECT c.serial, c.not_after, c.revoked_at, c.revocation_reason, c.certificate,
          i.role || '/' || i.name AS identity, u.join_code
        FROM certificates c JOIN identities i ON i.id = c.identity
          JOIN certificates k ON k.public_key = c.public_key LEFT JOIN join_code_uses u ON u.certificate = k.id
        WHERE c.serial IN (${marks(values.length)})`,
      ...values,
    );
  }

  async count(): Promise<number> {
    return (await this.#queries.get<{ n: number }>('SELECT count(*) AS n FROM certificates'))?.n ?? 0;
  }

  /** How many were revoked by their own, as {@link pageOf} has them. */
  async countRevoked(): Promise<number> {
    const sql = `SELECT count(*) AS n FROM certificates c WHERE ${revokedByItself}`;
    return (await this.#queries.get<{ n: number }>(sql))?.n ?? 0;
  }

  /**
   * Those after a row, in their order: all of them, or those revoked by their own, and not with what had issued them before
   * a restore from keys alone.
   */
  pageOf(
    which: 'all' | 'revoked',
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<Pick<CertificateRow, 'id' | 'serial'>[]> {
    return this.#queries.all(
      `SELECT c.id, c.serial FROM certificates c WHERE c.id > ? ${which === 'all' ? '' : `AND ${revokedByItself}`}
        ORDER BY c.id LIMIT ?`,
      after,
      limit,
    );
  }

  async #goodWhere(condition: string, ...values: readonly SqlValue[]): Promise<SerialNumber[]> {
    const sql = `SELECT serial FROM certificates WHERE ${condition} AND revoked_at IS NULL ORDER BY id`;
    return (await this.#queries.all<{ serial: SerialNumber }>(sql, ...values)).map(({ serial }) => serial);
  }
}

const revokedAtOnce = 512;

const columns =
  'id, serial, identity, issuer, public_key, not_after, revoked_at, revocation_reason, certificate';

const revokedByItself = `c.revoked_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM issuers s, authority a
  WHERE s.label = c.issuer AND s.revoked_at IS NOT NULL AND c.issued_at < a.trusts_before)`;
