import type { Queries } from '../../db/index.ts';

/** A backup of the authority on record. Times are milliseconds since 1970. */
export interface BackupRow {
  readonly id: number;
  /** Directory, or address without any password. */
  readonly place: string;
  readonly name: string;
  readonly made_at: number;
  readonly bytes: number;
  /** The last record of the log that it holds. */
  readonly sequence: number;
  /** 1 when it holds the key of the root. */
  readonly holds_root: number;
  readonly rehearsed_at: number | null;
  /** What a rehearsal found wrong, until one that looked as closely finds nothing. */
  readonly problem: string | null;
  readonly problem_at: number | null;
}

/** What is put on record of a new backup. */
type NewBackup = Omit<BackupRow, 'id' | 'rehearsed_at' | 'problem' | 'problem_at'>;

const maxListed = 1000;

/** The backups of the authority. */
export class BackupRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The newest first, at most 1,000. */
  list(): Promise<BackupRow[]> {
    return this.#queries.all<BackupRow>(
      `SELECT ${backupColumns} FROM backups ORDER BY made_at DESC, id DESC LIMIT ${maxListed}`,
    );
  }

  /** Those that hold the key of the root, the newest first. */
  holdingRoot(): Promise<BackupRow[]> {
    return this.#queries.all<BackupRow>(
      `SELECT ${backupColumns} FROM backups WHERE holds_root = 1 ORDER BY made_at DESC`,
    );
  }

  /** Place and name of every one. */
  places(): Promise<Pick<BackupRow, 'place' | 'name'>[]> {
    return this.#queries.all('SELECT place, name FROM backups');
  }

  /** When the newest was made and the last rehearsal was, at `place` or anywhere; null for never. */
  async lastTimes(
    place?: string,
  ): Promise<{ readonly made: number | null; readonly rehearsed: number | null }> {
    const sql = `SELECT max(made_at) AS made, max(rehearsed_at) AS rehearsed FROM backups
      WHERE CAST(? AS TEXT) IS NULL OR place = ?`;
    const row = await this.#queries.get<{ made: number | null; rehearsed: number | null }>(
      sql,
      place ?? null,
      place ?? null,
    );
    return row ?? { made: null, rehearsed: null };
  }

  async insert({ place, name, made_at, bytes, sequence, holds_root }: NewBackup): Promise<void> {
    await this.#queries.run(
      'INSERT INTO backups (place, name, made_at, bytes, sequence, holds_root) VALUES (?, ?, ?, ?, ?, ?)',
      place,
      name,
      made_at,
      bytes,
      sequence,
      holds_root,
    );
  }

  async remove(id: number): Promise<void> {
    await this.#queries.run('DELETE FROM backups WHERE id = ?', id);
  }

  async noteRehearsed(name: string, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE backups SET rehearsed_at = ? WHERE name = ?', atMs, name);
  }

  async noteProblem(
    name: string,
    { problem, atMs, depth }: { readonly problem: string; readonly atMs: number; readonly depth: string },
  ): Promise<void> {
    const sql = 'UPDATE backups SET problem = ?, problem_at = ?, problem_depth = ? WHERE name = ?';
    await this.#queries.run(sql, problem, atMs, depth, name);
  }

  /** Takes back what a look of the same depth found; any when `all` is said. */
  async clearProblem(name: string, depth: string, { all }: { readonly all: boolean }): Promise<void> {
    const sql = `UPDATE backups SET problem = NULL WHERE name = ?${all ? '' : ' AND problem_depth = ?'}`;
    await this.#queries.run(sql, name, ...(all ? [] : [depth]));
  }
}

const backupColumns =
  'id, place, name, made_at, bytes, sequence, holds_root, rehearsed_at, problem, problem_at';

/** How far a mirror of the log is known to hold it. Times are milliseconds since 1970. */
interface MirrorRow {
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
    return this.#queries.get<MirrorRow>(`SELECT ${mirrorColumns} FROM mirrors WHERE name = ?`, name);
  }

  /** Those of which a rehearsal found something wrong. */
  withProblem(): Promise<MirrorRow[]> {
    return this.#queries.all<MirrorRow>(`SELECT ${mirrorColumns} FROM mirrors WHERE problem IS NOT NULL`);
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

const mirrorColumns = 'name, epoch, sequence, written_at, problem, problem_at';
