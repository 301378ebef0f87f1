import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Role } from '../../pki/index.ts';
import type { IdentityName } from './identities.ts';
import { gaveRow, marks, padded } from './statement.ts';

/** A join code. Times are milliseconds since 1970. */
export interface JoinCodeRow {
  readonly id: number;
  readonly role: Role;
  /** A name, or a pattern of names. */
  readonly name: string;
  /** JSON: the host names and addresses that were authorised with it. */
  readonly names: string;
  readonly reissue: 0 | 1;
  readonly max_uses: number;
  /** How many machines have used it. */
  readonly uses: number;
  readonly created_at: number;
  /** Itself included. */
  readonly expires_at: number;
  /** From then on it is dead. */
  readonly revoked_at: number | null;
}

/** Join codes, and which certificate came by which. */
export class JoinCodeRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** By the SHA-256 of its secret. */
  findBySecret(secretHash: Bytes): Promise<JoinCodeRow | undefined> {
    return this.#queries.get<JoinCodeRow>(
      `SELECT ${joinCodeColumns} FROM join_codes WHERE secret_hash = ?`,
      secretHash,
    );
  }

  find(id: number): Promise<JoinCodeRow | undefined> {
    return this.#queries.get<JoinCodeRow>(`SELECT ${joinCodeColumns} FROM join_codes WHERE id = ?`, id);
  }

  /** Those before a number, the newest first. */
  before(id: number, limit: number): Promise<JoinCodeRow[]> {
    const sql = `SELECT ${joinCodeColumns} FROM join_codes WHERE id < ? ORDER BY id DESC LIMIT ?`;
    return this.#queries.all<JoinCodeRow>(sql, id, limit);
  }

  /** Which of some numbers there are, at most a thousand. */
  async among(ids: readonly number[]): Promise<number[]> {
    const [first, ...others] = ids;
    if (first === undefined) return [];
    const values = padded([first, ...others]);
    const sql = `SELECT id FROM join_codes WHERE id IN (${marks(values.length)})`;
    return (await this.#queries.all<{ id: number }>(sql, ...values)).map(({ id }) => id);
  }

  /** Every one, with how many certificates came by it. */
  all(): Promise<(JoinCodeRow & { readonly used: number })[]> {
    return this.#queries.all(
      `SELECT ${joinCodeColumns}, (SELECT count(*) FROM join_code_uses u WHERE u.join_code = join_codes.id) AS used
        FROM join_codes`,
    );
  }

  /** Gives its number. */
  async insert(
    secretHash: Bytes,
    { role, name, names, reissue, ...code }: Omit<JoinCodeRow, 'id' | 'uses' | 'revoked_at'>,
  ): Promise<number> {
    const row = await this.#queries.get<{ id: number }>(
      `INSERT INTO join_codes (secret_hash, role, name, names, reissue, max_uses, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      secretHash,
      role,
      name,
      names,
      reissue,
      code.max_uses,
      code.created_at,
      code.expires_at,
    );
    return gaveRow(row).id;
  }

  /** One that is revoked already stays as it is. */
  async revoke(id: number, atMs: number): Promise<void> {
    const sql = 'UPDATE join_codes SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
    await this.#queries.run(sql, atMs, id);
  }

  /** The numbers of those of a name that could be used at `nowMs`. */
  async liveOf({ role, name }: IdentityName, nowMs: number): Promise<number[]> {
    const sql = `SELECT id FROM join_codes
      WHERE expires_at >= ? AND role = ? AND name = ? AND revoked_at IS NULL AND uses < max_uses ORDER BY id`;
    return (await this.#queries.all<{ id: number }>(sql, nowMs, role, name)).map(({ id }) => id);
  }

  /** Revokes all of a name that have not expired, used ones too: nobody gets the answer of one again. */
  async revokeOf({ role, name }: IdentityName, atMs: number): Promise<void> {
    const sql = `UPDATE join_codes SET revoked_at = ?
      WHERE expires_at >= ? AND role = ? AND name = ? AND revoked_at IS NULL`;
    await this.#queries.run(sql, atMs, atMs, role, name);
  }

  /** The certificate of a key that came by a code, or undefined. */
  async useOf(id: number, publicKey: Bytes): Promise<number | undefined> {
    const row = await this.#queries.get<{ certificate: number }>(
      `SELECT c.id AS certificate FROM certificates c JOIN join_code_uses u ON u.certificate = c.id
        WHERE c.public_key = ? AND u.join_code = ?`,
      publicKey,
      id,
    );
    return row?.certificate;
  }

  /** A machine has used it. */
  async countUse(id: number, certificate: number): Promise<void> {
    const sql = 'INSERT INTO join_code_uses (certificate, join_code) VALUES (?, ?)';
    await this.#queries.run(sql, certificate, id);
    await this.#queries.run('UPDATE join_codes SET uses = uses + 1 WHERE id = ?', id);
  }

  /** The same machine got another certificate by it. */
  async replaceUse(before: number, certificate: number): Promise<void> {
    const sql = 'UPDATE join_code_uses SET certificate = ? WHERE certificate = ?';
    await this.#queries.run(sql, certificate, before);
  }

  /** How many can be used. */
  async countLive(nowMs: number): Promise<number> {
    const row = await this.#queries.get<{ n: number }>(
      'SELECT count(*) AS n FROM join_codes WHERE expires_at >= ? AND revoked_at IS NULL AND uses < max_uses',
      nowMs,
    );
    return row?.n ?? 0;
  }

  /** When the last one ends that is not revoked, used up or not; undefined for none. */
  async lastEnd(): Promise<number | undefined> {
    const sql = 'SELECT max(expires_at) AS last FROM join_codes WHERE revoked_at IS NULL';
    return (await this.#queries.get<{ last: number | null }>(sql))?.last ?? undefined;
  }
}

const joinCodeColumns = 'id, role, name, names, reissue, max_uses, uses, created_at, expires_at, revoked_at';

/** A bearer token. Times are milliseconds since 1970. */
export interface BearerTokenRow {
  readonly id: number;
  /** The SHA-256 of its text. */
  readonly secret_hash: Bytes;
  readonly role: Role;
  readonly name: string;
  readonly created_at: number;
  /** Itself included. */
  readonly expires_at: number;
  /** From then on it is dead. */
  readonly revoked_at: number | null;
}

/** Bearer tokens: what stands for an identity where a listener asks nobody for a certificate. */
export class BearerTokenRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** By the SHA-256 of its text. */
  findBySecret(secretHash: Bytes): Promise<BearerTokenRow | undefined> {
    const sql = `SELECT ${bearerTokenColumns} FROM bearer_tokens WHERE secret_hash = ?`;
    return this.#queries.get<BearerTokenRow>(sql, secretHash);
  }

  find(id: number): Promise<BearerTokenRow | undefined> {
    return this.#queries.get<BearerTokenRow>(
      `SELECT ${bearerTokenColumns} FROM bearer_tokens WHERE id = ?`,
      id,
    );
  }

  /** Those before a number, the newest first. */
  before(id: number, limit: number): Promise<BearerTokenRow[]> {
    const sql = `SELECT ${bearerTokenColumns} FROM bearer_tokens WHERE id < ? ORDER BY id DESC LIMIT ?`;
    return this.#queries.all<BearerTokenRow>(sql, id, limit);
  }

  all(): Promise<BearerTokenRow[]> {
    return this.#queries.all<BearerTokenRow>(`SELECT ${bearerTokenColumns} FROM bearer_tokens`);
  }

  /** The number that the next one gets. */
  async nextId(): Promise<number> {
    const sql = 'SELECT coalesce(max(id), 0) + 1 AS next FROM bearer_tokens';
    return (await this.#queries.get<{ next: number }>(sql))?.next ?? 1;
  }

  async insert({ id, secret_hash, ...token }: Omit<BearerTokenRow, 'revoked_at'>): Promise<void> {
    await this.#queries.run(
      `INSERT INTO bearer_tokens (id, secret_hash, role, name, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      secret_hash,
      token.role,
      token.name,
      token.created_at,
      token.expires_at,
    );
  }

  /** One that is revoked already stays as it is. */
  async revoke(id: number, atMs: number): Promise<void> {
    const sql = 'UPDATE bearer_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
    await this.#queries.run(sql, atMs, id);
  }

  /** The numbers of those of an identity that could be used at `nowMs`. */
  async liveOf({ role, name }: IdentityName, nowMs: number): Promise<number[]> {
    const sql = `SELECT id FROM bearer_tokens
      WHERE role = ? AND name = ? AND expires_at >= ? AND revoked_at IS NULL ORDER BY id`;
    return (await this.#queries.all<{ id: number }>(sql, role, name, nowMs)).map(({ id }) => id);
  }

  /** How many can be used. */
  async countLive(nowMs: number): Promise<number> {
    const sql = 'SELECT count(*) AS n FROM bearer_tokens WHERE expires_at >= ? AND revoked_at IS NULL';
    return (await this.#queries.get<{ n: number }>(sql, nowMs))?.n ?? 0;
  }
}

const bearerTokenColumns = 'id, secret_hash, role, name, created_at, expires_at, revoked_at';
