import { type Database, openDatabase } from '../../db/index.ts';
import { AbsenceRecords } from './absences.ts';
import { CopyRecords } from './copies.ts';
import { replicateSchema } from './schema.ts';
import { DamageRecords, ScrubRecords } from './scrub.ts';

/** What a machine has on record of copies and of its own store. */
export class ReplicateRecords implements AsyncDisposable {
  readonly absences: AbsenceRecords;
  readonly copies: CopyRecords;
  readonly scrub: ScrubRecords;
  readonly damages: DamageRecords;
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
    this.absences = new AbsenceRecords(database);
    this.copies = new CopyRecords(database);
    this.scrub = new ScrubRecords(database);
    this.damages = new DamageRecords(database);
  }

  /** Opens the database at a path, or makes it. Errors: see `openDatabase` */
  static async open(path: string): Promise<ReplicateRecords> {
    const place = { kind: 'sqlite', path } as const;
    return new ReplicateRecords(await openDatabase({ place, migrations: [replicateSchema] }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database.close();
  }
}
