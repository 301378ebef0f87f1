import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Role } from '../../pki/index.ts';
import type { IdentityName } from './identities.ts';

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
    const sql = `SELECT ${columns} FROM bearer_tokens WHERE secret_hash = ?`;
    return this.#queries.get<BearerTokenRow>(sql, secretHash);
  }

  find(id: number): Promise<BearerTokenRow | undefined> {
    return this.#queries.get<BearerTokenRow>(`SELECT ${columns} FROM bearer_tokens WHERE id = ?`, id);
  }

  /** Those before a number, the newest first. */
  before(id: number, limit: number): Promise<BearerTokenRow[]> {
    const sql = `SELECT ${columns} FROM bearer_tokens WHERE id < ? ORDER BY id DESC LIMIT ?`;
    return this.#queries.all<BearerTokenRow>(sql, id, limit);
  }

  all(): Promise<BearerTokenRow[]> {
    return this.#queries.all<BearerTokenRow>(`SELECT ${columns} FROM bearer_tokens`);
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

const columns = 'id, secret_hash, role, name, created_at, expires_at, revoked_at';
