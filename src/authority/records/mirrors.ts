import type { Queries } from '../../db/index.ts';

/** How far a mirror of the log is known to hold it. Times are milliseconds since 1970. */
export interface MirrorRow {
  readonly name: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly written_at: number;
  /** What a rehearsal found wrong, until it is begun anew. */
  readonly problem: string | null;
  readonly problem_at: number | null;
}

/** The mirrors that the log was written to. */
export class MirrorRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(name: string): Promise<MirrorRow | undefined> {
    return this.#queries.get<MirrorRow>(`SELECT ${columns} FROM mirrors WHERE name = ?`, name);
  }

  /** Those of which a rehearsal found something wrong. */
  withProblem(): Promise<MirrorRow[]> {
    return this.#queries.all<MirrorRow>(`SELECT ${columns} FROM mirrors WHERE problem IS NOT NULL`);
  }

  async noteWritten({
    name,
    epoch,
    sequence,
    written_at,
  }: Omit<MirrorRow, 'problem' | 'problem_at'>): Promise<void> {
    await this.#queries.run(
      `INSERT INTO mirrors (name, epoch, sequence, written_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence,
          written_at = excluded.written_at`,
      name,
      epoch,
      sequence,
      written_at,
    );
  }

  /** Nothing is wrong with it when there is no `problem`. */
  async noteProblem(
    name: string,
    found: { readonly problem: string; readonly atMs: number } | undefined,
  ): Promise<void> {
    const sql = 'UPDATE mirrors SET problem = ?, problem_at = ? WHERE name = ?';
    await this.#queries.run(sql, found?.problem ?? null, found?.atMs ?? null, name);
  }

  async removeAll(): Promise<void> {
    await this.#queries.run('DELETE FROM mirrors');
  }
}

const columns = 'name, epoch, sequence, written_at, problem, problem_at';
