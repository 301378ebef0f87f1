import type { Database } from '../../db/index.ts';

/** How one copy of one repository was when it was last looked at. Times are milliseconds since 1970. */
export interface CopyRow {
  /** Which: its repository and where it is, in the words of whoever copies. */
  readonly copy: string;
  readonly looked_at: number;
  /** When it last had all that its source had. */
  readonly whole_at: number | null;
  /** What it did not have, and since when the first of it waits. */
  readonly lag_objects: number;
  readonly lag_bytes: number;
  readonly lag_since: number | null;
  /** Objects that are damaged at the source, and those in whose place the copy has something else. */
  readonly damaged: number;
  readonly unequal: number;
  /** Why the last round failed, and since when they do. */
  readonly problem: string | null;
  readonly problem_since: number | null;
  /** `halted` while nothing is removed, since the source lost most of what it had at once; `accepted` once somebody has said that this is meant. */
  readonly halt: 'none' | 'halted' | 'accepted';
}

/** How each copy is. */
export class CopyRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(copy: string): Promise<CopyRow | undefined> {
    return this.#database.get<CopyRow>(`SELECT ${columns} FROM copies WHERE copy = ?`, copy);
  }

  all(): Promise<CopyRow[]> {
    return this.#database.all<CopyRow>(`SELECT ${columns} FROM copies ORDER BY copy`);
  }

  async keep(row: CopyRow): Promise<void> {
    const { copy, looked_at, whole_at, lag_objects, lag_bytes, lag_since } = row;
    const { damaged, unequal, problem, problem_since, halt } = row;
    await this.#database.run(
      `INSERT OR REPLACE INTO copies (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      copy,
      looked_at,
      whole_at,
      lag_objects,
      lag_bytes,
      lag_since,
      damaged,
      unequal,
      problem,
      problem_since,
      halt,
    );
  }

  /** Nobody makes this copy any more. */
  async remove(copy: string): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await tx.run('DELETE FROM copies WHERE copy = ?', copy);
      await tx.run('DELETE FROM absences WHERE copy = ?', copy);
    });
  }
}

const columns =
  'copy, looked_at, whole_at, lag_objects, lag_bytes, lag_since, damaged, unequal, problem, problem_since, halt';
