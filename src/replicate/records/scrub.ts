import type { Database } from '../../db/index.ts';
import type { NamedRef, ObjectId, ObjectType } from '../../storage/index.ts';

/** How far a store has been read through. Times are milliseconds since 1970. */
export interface ScrubRow {
  readonly began_at: number;
  /** What was read last; the rest comes after it, by repository, type and name. */
  readonly repository: string;
  readonly type: ObjectType | '';
  readonly name: ObjectId | '';
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
  /** Set when all was read. */
  readonly ended_at: number | null;
  /** Of the time before. */
  readonly last_began_at: number | null;
  readonly last_ended_at: number | null;
  readonly last_objects: number | null;
  readonly last_bytes: number | null;
}

/** How far the store of this machine has been read through. */
export class ScrubRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  find(): Promise<ScrubRow | undefined> {
    return this.#database.get<ScrubRow>(`SELECT ${scrubColumns} FROM scrub WHERE id = 1`);
  }

  /** Everything is to be read from now on; what was read whole before stays on record. */
  async restart(nowMs: number): Promise<void> {
    const found = await this.find();
    const last = found === undefined || found.ended_at === null ? found : lastOf(found);
    await this.keep({
      began_at: nowMs,
      repository: '',
      type: '',
      name: '',
      objects: 0,
      bytes: 0,
      damaged: 0,
      ended_at: null,
      last_began_at: last?.last_began_at ?? null,
      last_ended_at: last?.last_ended_at ?? null,
      last_objects: last?.last_objects ?? null,
      last_bytes: last?.last_bytes ?? null,
    });
  }

  async keep(row: ScrubRow): Promise<void> {
    const { began_at, repository, type, name, objects, bytes, damaged, ended_at } = row;
    const { last_began_at, last_ended_at, last_objects, last_bytes } = row;
    await this.#database.run(
      `INSERT OR REPLACE INTO scrub (id, ${scrubColumns}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      began_at,
      repository,
      type,
      name,
      objects,
      bytes,
      damaged,
      ended_at,
      last_began_at,
      last_ended_at,
      last_objects,
      last_bytes,
    );
  }
}

type LastRead = Pick<ScrubRow, 'last_began_at' | 'last_ended_at' | 'last_objects' | 'last_bytes'>;

function lastOf({ began_at, ended_at, objects, bytes }: ScrubRow): LastRead {
  return { last_began_at: began_at, last_ended_at: ended_at, last_objects: objects, last_bytes: bytes };
}

const scrubColumns =
  'began_at, repository, type, name, objects, bytes, damaged, ended_at, last_began_at, last_ended_at, last_objects, last_bytes';

/** An object whose bytes were not what its name says. Times are milliseconds since 1970. */
export interface DamageRow {
  readonly repository: string;
  readonly type: NamedRef['type'];
  readonly name: ObjectId;
  readonly size: number;
  /** When the object had come, where that is known. */
  readonly arrived_at: number | null;
  readonly found_at: number;
  readonly healed_at: number | null;
  /** Where the good one came from. */
  readonly healed_by: string | null;
}

/** What was found damaged in the store of this machine. */
export class DamageRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Those that wait for a good one. */
  open(): Promise<DamageRow[]> {
    return this.#database.all<DamageRow>(
      `SELECT ${damageColumns} FROM damages WHERE healed_at IS NULL ORDER BY repository, type, name`,
    );
  }

  /** Whether it waits for a good one. */
  async isOpen(repository: string, { type, name }: NamedRef): Promise<boolean> {
    const found = await this.#database.get(
      'SELECT 1 AS open FROM damages WHERE repository = ? AND type = ? AND name = ? AND healed_at IS NULL',
      repository,
      type,
      name,
    );
    return found !== undefined;
  }

  /** Those that were found or healed since then. */
  since(ms: number): Promise<DamageRow[]> {
    return this.#database.all<DamageRow>(
      `SELECT ${damageColumns} FROM damages WHERE found_at >= ? OR healed_at >= ? ORDER BY found_at, repository, type, name`,
      ms,
      ms,
    );
  }

  /** Found, once more where it had been healed. */
  async found(row: Omit<DamageRow, 'healed_at' | 'healed_by'>): Promise<void> {
    const { repository, type, name, size, arrived_at, found_at } = row;
    await this.#database.run(
      `INSERT OR REPLACE INTO damages (${damageColumns}) VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)`,
      repository,
      type,
      name,
      size,
      arrived_at,
      found_at,
    );
  }

  async healed({ repository, type, name }: DamageRow, by: string, atMs: number): Promise<void> {
    await this.#database.run(
      'UPDATE damages SET healed_at = ?, healed_by = ? WHERE repository = ? AND type = ? AND name = ?',
      atMs,
      by,
      repository,
      type,
      name,
    );
  }
}

const damageColumns = 'repository, type, name, size, arrived_at, found_at, healed_at, healed_by';
