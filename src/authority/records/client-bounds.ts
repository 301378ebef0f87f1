import type { Queries } from '../../db/index.ts';

/** What is decided of one client beyond the policy of the network; a client without a row has what all have. */
export interface ClientBoundsRow {
  readonly name: string;
  /** 1 for one whose removals are heard. */
  readonly may_prune: 0 | 1;
  /** Bytes; null for what the policy says. */
  readonly quota_bytes: number | null;
  /** Milliseconds since 1970; null for one that may write. */
  readonly quarantined_at: number | null;
}

/** What clients may do with their repositories, where that is not what all may. */
export class ClientBoundsRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(name: string): Promise<ClientBoundsRow | undefined> {
    return this.#queries.get<ClientBoundsRow>(`SELECT ${columns} FROM client_bounds WHERE name = ?`, name);
  }

  all(): Promise<ClientBoundsRow[]> {
    return this.#queries.all<ClientBoundsRow>(`SELECT ${columns} FROM client_bounds ORDER BY name`);
  }

  /** In the place of what was decided before. */
  async put({ name, may_prune, quota_bytes, quarantined_at }: ClientBoundsRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO client_bounds (${columns}) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET may_prune = excluded.may_prune, quota_bytes = excluded.quota_bytes,
          quarantined_at = excluded.quarantined_at`,
      name,
      may_prune,
      quota_bytes,
      quarantined_at,
    );
  }
}

const columns = 'name, may_prune, quota_bytes, quarantined_at';
