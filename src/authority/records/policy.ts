import type { Queries } from '../../db/index.ts';

/** What the network has decided, as JSON; nothing while all is by default. */
export class PolicyRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async read(): Promise<string | undefined> {
    return (await this.#queries.get<{ value: string }>('SELECT value FROM policy'))?.value;
  }

  async put(value: string): Promise<void> {
    const sql =
      'INSERT INTO policy (id, value) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value';
    await this.#queries.run(sql, value);
  }
}
