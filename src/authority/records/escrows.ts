import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Role } from '../../pki/index.ts';

/** A sealed password of a repository. */
export interface EscrowRow {
  readonly id: number;
  /** `client/laptop` */
  readonly identity: string;
  /** The repository's id. */
  readonly repository: string;
  readonly sealed: Bytes;
}

/** The same without the sealed bytes. Times are milliseconds since 1970. */
export interface ListedEscrowRow extends Omit<EscrowRow, 'id' | 'sealed'> {
  readonly stored_at: number;
  readonly bytes: number;
}

interface Owner {
  readonly role: Role;
  readonly name: string;
}

/** Sealed passwords of repositories; none is ever replaced. */
export class EscrowRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** @param identity the row of its owner */
  async insert(
    identity: number,
    {
      repository,
      sealed,
      storedAtMs,
    }: { readonly repository: string; readonly sealed: Bytes; readonly storedAtMs: number },
  ): Promise<void> {
    const sql = 'INSERT INTO escrows (identity, repository, sealed, stored_at) VALUES (?, ?, ?, ?)';
    await this.#queries.run(sql, identity, repository, sealed, storedAtMs);
  }

  /** How many there are of the identity in a row. */
  async countOf(identity: number): Promise<number> {
    const sql = 'SELECT count(*) AS n FROM escrows WHERE identity = ?';
    return (await this.#queries.get<{ n: number }>(sql, identity))?.n ?? 0;
  }

  /** How many repositories have any. */
  async countRepositories(): Promise<number> {
    const sql =
      'SELECT count(*) AS n FROM (SELECT DISTINCT identity, repository FROM escrows) AS repositories';
    return (await this.#queries.get<{ n: number }>(sql))?.n ?? 0;
  }

  /** All of one repository, the newest first. */
  async ofRepository({ role, name }: Owner, repository: string): Promise<Bytes[]> {
    const rows = await this.#queries.all<{ sealed: Bytes }>(
      `SELECT e.sealed FROM escrows e JOIN identities i ON i.id = e.identity
        WHERE i.role = ? AND i.name = ? AND e.repository = ? ORDER BY e.id DESC`,
      role,
      name,
      repository,
    );
    return rows.map(({ sealed }) => sealed);
  }

  /** Of one identity, those before a row, the newest first. */
  before(
    { role, name }: Owner,
    { beforeId, limit }: { readonly beforeId: number; readonly limit: number },
  ): Promise<Omit<EscrowRow, 'identity'>[]> {
    return this.#queries.all<Omit<EscrowRow, 'identity'>>(
      `SELECT e.id, e.repository, e.sealed FROM escrows e JOIN identities i ON i.id = e.identity
        WHERE i.role = ? AND i.name = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?`,
      role,
      name,
      beforeId,
      limit,
    );
  }

  /** Those after a row, in their order. */
  after(id: number, limit: number): Promise<EscrowRow[]> {
    return this.#queries.all<EscrowRow>(
      `SELECT e.id, i.role || '/' || i.name AS identity, e.repository, e.sealed
        FROM escrows e JOIN identities i ON i.id = e.identity WHERE e.id > ? ORDER BY e.id LIMIT ?`,
      id,
      limit,
    );
  }

  list(): Promise<ListedEscrowRow[]> {
    return this.#queries.all<ListedEscrowRow>(
      `SELECT i.role || '/' || i.name AS identity, e.repository, e.stored_at, length(e.sealed) AS bytes
        FROM escrows e JOIN identities i ON i.id = e.identity ORDER BY i.role, i.name, e.repository, e.id`,
    );
  }
}
