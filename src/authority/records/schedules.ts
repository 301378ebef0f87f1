import type { Queries } from '../../db/index.ts';

/** A job that is started again and again. Times are milliseconds since 1970. */
export interface ScheduleRow {
  readonly name: string;
  /** JSON: a `JobOrder`. */
  readonly job_order: string;
  /** JSON: names of clients; null for all of them. */
  readonly nodes: string | null;
  /** As `parseSchedule` takes it, and the zone of its times of day. */
  readonly every: string;
  readonly zone: string;
  /** How long each job waits for its machine, in milliseconds. */
  readonly lifetime: number;
  readonly added_by: string;
  readonly added_at: number;
  /** When its jobs were started last. */
  readonly last_at: number | null;
}

/** The schedules of a network. */
export class ScheduleRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(name: string): Promise<ScheduleRow | undefined> {
    return this.#queries.get<ScheduleRow>(`SELECT ${columns} FROM schedules WHERE name = ?`, name);
  }

  all(): Promise<ScheduleRow[]> {
    return this.#queries.all<ScheduleRow>(`SELECT ${columns} FROM schedules ORDER BY name`);
  }

  async insert(row: Omit<ScheduleRow, 'last_at'>): Promise<void> {
    const { name, job_order, nodes, every, zone, lifetime, added_by, added_at } = row;
    await this.#queries.run(
      'INSERT INTO schedules (name, job_order, nodes, every, zone, lifetime, added_by, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      name,
      job_order,
      nodes,
      every,
      zone,
      lifetime,
      added_by,
      added_at,
    );
  }

  /** That its jobs were started. */
  async run(name: string, atMs: number): Promise<void> {
    await this.#queries.run('UPDATE schedules SET last_at = ? WHERE name = ?', atMs, name);
  }

  async remove(name: string): Promise<void> {
    await this.#queries.run('DELETE FROM schedules WHERE name = ?', name);
  }
}

const columns = 'name, job_order, nodes, every, zone, lifetime, added_by, added_at, last_at';
