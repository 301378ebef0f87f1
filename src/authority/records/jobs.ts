import type { Queries } from '../../db/index.ts';

/** What a client was told to do. Times are milliseconds since 1970. */
export interface JobRow {
  readonly id: number;
  /** Of the client. */
  readonly name: string;
  /** JSON: a `JobOrder`. */
  readonly job_order: string;
  readonly created_by: string;
  readonly created_at: number;
  /** From then on it is not begun. */
  readonly expires_at: number;
  /** When its client said that it begins. */
  readonly begun_at: number | null;
  /** Who has told it to end, and when. */
  readonly stopped_by: string | null;
  readonly stopped_at: number | null;
  readonly ended_at: number | null;
  /** JSON: a `JobOutcome`. */
  readonly outcome: string | null;
}

/** What clients were told to do, and what came of it. */
export class JobRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(id: number): Promise<JobRow | undefined> {
    return this.#queries.get<JobRow>(`SELECT ${columns} FROM jobs WHERE id = ?`, id);
  }

  /** Those before a number, the newest first; of one client where it is named. */
  before(id: number, limit: number, name?: string): Promise<JobRow[]> {
    const sql = `SELECT ${columns} FROM jobs WHERE id < ? AND name = coalesce(?, name) ORDER BY id DESC LIMIT ?`;
    return this.#queries.all<JobRow>(sql, id, name ?? null, limit);
  }

  /** Those of a client that are not over at `nowMs`, the oldest first. */
  openOf(name: string, nowMs: number): Promise<JobRow[]> {
    const sql = `SELECT ${columns} FROM jobs
      WHERE name = ? AND ended_at IS NULL AND (begun_at IS NOT NULL OR expires_at > ?) ORDER BY id`;
    return this.#queries.all<JobRow>(sql, name, nowMs);
  }

  /** Those that have begun and are not over, of clients that were neither seen since a moment nor began them later. */
  silentSince(atMs: number): Promise<Pick<JobRow, 'id' | 'name'>[]> {
    return this.#queries.all<Pick<JobRow, 'id' | 'name'>>(
      `SELECT id, name FROM jobs WHERE ended_at IS NULL AND begun_at <= ? AND NOT EXISTS (SELECT 1 FROM sightings
        WHERE sightings.role = 'client' AND sightings.name = jobs.name AND sightings.seen_at > ?) ORDER BY id`,
      atMs,
      atMs,
    );
  }

  /** Every one. */
  all(): Promise<JobRow[]> {
    return this.#queries.all<JobRow>(`SELECT ${columns} FROM jobs ORDER BY id`);
  }

  /** The number of the next one. */
  async nextId(): Promise<number> {
    const row = await this.#queries.get<{ id: number | null }>('SELECT max(id) AS id FROM jobs');
    return (row?.id ?? 0) + 1;
  }

  async insert({
    id,
    name,
    job_order,
    created_by,
    created_at,
    expires_at,
  }: Pick<JobRow, 'id' | 'name' | 'job_order' | 'created_by' | 'created_at' | 'expires_at'>): Promise<void> {
    await this.#queries.run(
      `INSERT INTO jobs (id, name, job_order, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      name,
      job_order,
      created_by,
      created_at,
      expires_at,
    );
  }

  /** One that has begun already stays as it is. */
  async begin(id: number, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE jobs SET begun_at = ? WHERE id = ? AND begun_at IS NULL', atMs, id);
  }

  async stop(id: number, by: string, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE jobs SET stopped_by = ?, stopped_at = ? WHERE id = ?', by, atMs, id);
  }

  async end(id: number, outcome: string, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE jobs SET outcome = ?, ended_at = ? WHERE id = ?', outcome, atMs, id);
  }
}

const columns =
  'id, name, job_order, created_by, created_at, expires_at, begun_at, stopped_by, stopped_at, ended_at, outcome';
