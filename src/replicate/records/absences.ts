import type { Database, Queries } from '../../db/index.ts';
import type { NamedRef, ObjectId, ObjectType } from '../../storage/index.ts';

/** What a copy has and its source has no more. */
export interface Absence {
  readonly name: ObjectId;
  /** When it was first missed, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** What each copy has and its source has no more, and since when. */
export class AbsenceRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Those of a type, what was missed first before the rest. */
  async all(copy: string, type: ObjectType): Promise<Absence[]> {
    const rows = await this.#database.all<{ name: ObjectId; since: number }>(
      'SELECT name, since FROM absences WHERE copy = ? AND type = ? ORDER BY since, name',
      copy,
      type,
    );
    return rows.map(({ name, since }) => ({ name, sinceMs: since }));
  }

  /** Those of a type that are missed from now on, and those that are back. */
  async change(
    copy: string,
    type: ObjectType,
    {
      missed,
      back,
      nowMs,
    }: { readonly missed: Iterable<ObjectId>; readonly back: Iterable<ObjectId>; readonly nowMs: number },
  ): Promise<void> {
    await this.#database.transaction(async (tx) => {
      for (const name of missed)
        await tx.run(
          'INSERT INTO absences (copy, type, name, since) VALUES (?, ?, ?, ?)',
          copy,
          type,
          name,
          nowMs,
        );
      for (const name of back) await forget(tx, copy, { type, name });
    });
  }

  /** The copy has it no more either. */
  async forget(copy: string, ref: NamedRef): Promise<void> {
    await this.#database.transaction((tx) => forget(tx, copy, ref));
  }
}

async function forget(tx: Queries, copy: string, { type, name }: NamedRef): Promise<void> {
  await tx.run('DELETE FROM absences WHERE copy = ? AND type = ? AND name = ?', copy, type, name);
}
