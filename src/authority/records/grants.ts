import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';

/** That one client may read what another one has saved, until a moment. Times are milliseconds since 1970. */
export interface GrantRow {
  readonly id: number;
  /** Of clients. */
  readonly from_name: string;
  readonly to_name: string;
  /** The file or folder that it is of alone; null for the whole repository. */
  readonly path: string | null;
  /** The repository of `from_name` with a copy of that; null where there is no path. */
  readonly repository: string | null;
  /** JSON: which snapshots are copied. */
  readonly snapshots: string;
  /** The job that seals it; null where somebody with the recovery kit does. */
  readonly job: number | null;
  readonly created_by: string;
  readonly created_at: number;
  readonly expires_at: number;
  /** Serial number of the certificate that it is sealed to, and since when. */
  readonly certificate: string | null;
  readonly sealed_at: number | null;
  readonly revoked_by: string | null;
  readonly revoked_at: number | null;
}

/** Who reads what of whom. */
export class GrantRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(id: number): Promise<GrantRow | undefined> {
    return this.#queries.get<GrantRow>(`SELECT ${columns} FROM grants WHERE id = ?`, id);
  }

  /** Those before a number, the newest first. */
  before(id: number, limit: number): Promise<GrantRow[]> {
    return this.#queries.all<GrantRow>(
      `SELECT ${columns} FROM grants WHERE id < ? ORDER BY id DESC LIMIT ?`,
      id,
      limit,
    );
  }

  /** Those from or to a client, the newest first. */
  of(name: string): Promise<GrantRow[]> {
    const sql = `SELECT ${columns} FROM grants WHERE from_name = ? OR to_name = ? ORDER BY id DESC`;
    return this.#queries.all<GrantRow>(sql, name, name);
  }

  /** Those of what one client may read of another, the newest first. */
  between(from: string, to: string): Promise<GrantRow[]> {
    const sql = `SELECT ${columns} FROM grants WHERE from_name = ? AND to_name = ? ORDER BY id DESC`;
    return this.#queries.all<GrantRow>(sql, from, to);
  }

  /** Every one. */
  all(): Promise<GrantRow[]> {
    return this.#queries.all<GrantRow>(`SELECT ${columns} FROM grants ORDER BY id`);
  }

  /** The number of the next one. */
  async nextId(): Promise<number> {
    const row = await this.#queries.get<{ id: number | null }>('SELECT max(id) AS id FROM grants');
    return (row?.id ?? 0) + 1;
  }

  async insert(
    row: Omit<GrantRow, 'certificate' | 'sealed_at' | 'revoked_by' | 'revoked_at'>,
  ): Promise<void> {
    await this.#queries.run(
      `INSERT INTO grants (id, from_name, to_name, path, repository, snapshots, job, created_by, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      row.id,
      row.from_name,
      row.to_name,
      row.path,
      row.repository,
      row.snapshots,
      row.job,
      row.created_by,
      row.created_at,
      row.expires_at,
    );
  }

  async seal(id: number, certificate: string, atMs: number): Promise<void> {
    const sql = 'UPDATE grants SET certificate = ?, sealed_at = ? WHERE id = ?';
    await this.#queries.run(sql, certificate, atMs, id);
  }

  async revoke(id: number, by: string, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE grants SET revoked_by = ?, revoked_at = ? WHERE id = ?', by, atMs, id);
  }

  /** What was sealed, of which no log tells more than that it was. */
  async sealed(id: number): Promise<Bytes | undefined> {
    const sql = 'SELECT sealed FROM grant_seals WHERE id = ?';
    return (await this.#queries.get<{ sealed: Bytes }>(sql, id))?.sealed;
  }

  async keepSealed(id: number, sealed: Bytes): Promise<void> {
    await this.#queries.run('INSERT INTO grant_seals (id, sealed) VALUES (?, ?)', id, sealed);
  }

  /** Those that are over at `nowMs`, and of which something is still kept. */
  leftOver(nowMs: number): Promise<GrantRow[]> {
    return this.#queries.all<GrantRow>(
      `SELECT ${columns} FROM grants WHERE cleared_at IS NULL AND (revoked_at IS NOT NULL OR expires_at <= ?) ORDER BY id`,
      nowMs,
    );
  }

  /** That nothing of one is kept any more. */
  async clear(id: number, atMs: number): Promise<void> {
    await this.#queries.run('DELETE FROM grant_seals WHERE id = ?', id);
    await this.#queries.run('UPDATE grants SET cleared_at = ? WHERE id = ?', atMs, id);
  }
}

const columns =
  'id, from_name, to_name, path, repository, snapshots, job, created_by, created_at, expires_at, certificate, sealed_at, revoked_by, revoked_at';
