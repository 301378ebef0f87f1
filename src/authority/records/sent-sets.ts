import type { Queries } from '../../db/index.ts';

/** A backup set that is sent to clients. */
export interface SentSetRow {
  readonly name: string;
  /** Stays when it is sent anew. */
  readonly id: string;
  /** JSON: names of clients; null for all of them. */
  readonly nodes: string | null;
  /** JSON: `SentSetChoices`. */
  readonly choices: string;
  readonly sent_by: string;
  /** Milliseconds since 1970. */
  readonly sent_at: number;
}

/** The backup sets that are sent to clients. */
export class SentSetRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(name: string): Promise<SentSetRow | undefined> {
    return this.#queries.get<SentSetRow>(`SELECT ${columns} FROM sent_sets WHERE name = ?`, name);
  }

  all(): Promise<SentSetRow[]> {
    return this.#queries.all<SentSetRow>(`SELECT ${columns} FROM sent_sets ORDER BY name`);
  }

  /** In the place of what was sent under the name before. */
  async put({ name, id, nodes, choices, sent_by, sent_at }: SentSetRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO sent_sets (${columns}) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET id = excluded.id, nodes = excluded.nodes, choices = excluded.choices,
          sent_by = excluded.sent_by, sent_at = excluded.sent_at`,
      name,
      id,
      nodes,
      choices,
      sent_by,
      sent_at,
    );
  }

  async remove(name: string): Promise<void> {
    await this.#queries.run('DELETE FROM sent_sets WHERE name = ?', name);
  }
}

const columns = 'name, id, nodes, choices, sent_by, sent_at';
