import type { Queries } from '../../db/index.ts';

/** How much of a client is stored: kept while things come and go, and counted anew now and then. Times are milliseconds since 1970. */
export interface ClientUsageRow {
  readonly name: string;
  readonly bytes: number;
  readonly trash_bytes: number;
  /** When all was counted last; null where it never was. */
  readonly counted_at: number | null;
}

/** What a client did in one day (UTC). */
export interface ClientDayRow {
  readonly name: string;
  /** The beginning of the day. */
  readonly day: number;
  readonly snapshots: number;
  readonly keys: number;
  readonly added_bytes: number;
  readonly removed_snapshots: number;
  readonly removed_objects: number;
  readonly removed_bytes: number;
  /** Removals that were refused. */
  readonly refused: number;
}

/** Something of a client that somebody should look at. */
export interface ClientAlarmRow {
  readonly name: string;
  readonly alarm: string;
  readonly since: number;
  /** In a sentence, what was found. */
  readonly detail: string;
}

/** How much each client has stored. */
export class ClientUsageRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  all(): Promise<ClientUsageRow[]> {
    return this.#queries.all<ClientUsageRow>(`SELECT ${usageColumns} FROM client_usage ORDER BY name`);
  }

  find(name: string): Promise<ClientUsageRow | undefined> {
    return this.#queries.get<ClientUsageRow>(`SELECT ${usageColumns} FROM client_usage WHERE name = ?`, name);
  }

  /** More or less than before; what two servers add both counts. */
  async add({ name, bytes, trash_bytes }: Omit<ClientUsageRow, 'counted_at'>): Promise<void> {
    await this.#queries.run(
      `INSERT INTO client_usage (name, bytes, trash_bytes) VALUES (?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET bytes = client_usage.bytes + excluded.bytes,
          trash_bytes = client_usage.trash_bytes + excluded.trash_bytes`,
      name,
      bytes,
      trash_bytes,
    );
  }

  /** What is kept of a client is to be counted anew. */
  async doubt(name: string): Promise<void> {
    await this.#queries.run('UPDATE client_usage SET counted_at = NULL WHERE name = ?', name);
  }

  /** As it was counted. */
  async put({ name, bytes, trash_bytes, counted_at }: ClientUsageRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO client_usage (${usageColumns}) VALUES (?, ?, ?, ?)
        ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, trash_bytes = excluded.trash_bytes,
          counted_at = excluded.counted_at`,
      name,
      bytes,
      trash_bytes,
      counted_at,
    );
  }
}

const usageColumns = 'name, bytes, trash_bytes, counted_at';

/** What clients did, day by day. */
export class ClientDayRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** More of a day. */
  async add(row: ClientDayRow): Promise<void> {
    const sums = counts.map((count) => `${count} = client_days.${count} + excluded.${count}`);
    await this.#queries.run(
      `INSERT INTO client_days (name, day, ${counts.join(', ')}) VALUES (?, ?, ${counts.map(() => '?').join(', ')})
        ON CONFLICT (name, day) DO UPDATE SET ${sums.join(', ')}`,
      row.name,
      row.day,
      ...counts.map((count) => row[count]),
    );
  }

  /** Those of a client from a day on, in their order. */
  since(name: string, day: number): Promise<ClientDayRow[]> {
    return this.#queries.all<ClientDayRow>(
      `SELECT name, day, ${counts.join(', ')} FROM client_days WHERE name = ? AND day >= ? ORDER BY day`,
      name,
      day,
    );
  }

  /** By how much each client's store grew from a day on, in bytes; less than nothing where it shrank. */
  growth(day: number): Promise<{ readonly name: string; readonly bytes: number }[]> {
    return this.#queries.all(
      'SELECT name, CAST(sum(added_bytes - removed_bytes) AS bigint) AS bytes FROM client_days WHERE day >= ? GROUP BY name',
      day,
    );
  }

  async forgetBefore(day: number): Promise<void> {
    await this.#queries.run('DELETE FROM client_days WHERE day < ?', day);
  }
}

const counts = [
  'snapshots',
  'keys',
  'added_bytes',
  'removed_snapshots',
  'removed_objects',
  'removed_bytes',
  'refused',
] as const;

/** What of clients should be looked at. */
export class ClientAlarmRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  all(): Promise<ClientAlarmRow[]> {
    return this.#queries.all<ClientAlarmRow>(
      'SELECT name, alarm, since, detail FROM client_alarms ORDER BY name, since, alarm',
    );
  }

  of(name: string): Promise<ClientAlarmRow[]> {
    const sql = 'SELECT name, alarm, since, detail FROM client_alarms WHERE name = ? ORDER BY since, alarm';
    return this.#queries.all<ClientAlarmRow>(sql, name);
  }

  /** One that is there already stays as it was raised. */
  async insert({ name, alarm, since, detail }: ClientAlarmRow): Promise<void> {
    await this.#queries.run(
      'INSERT INTO client_alarms (name, alarm, since, detail) VALUES (?, ?, ?, ?) ON CONFLICT (name, alarm) DO NOTHING',
      name,
      alarm,
      since,
      detail,
    );
  }

  async remove(name: string, alarm: string): Promise<void> {
    await this.#queries.run('DELETE FROM client_alarms WHERE name = ? AND alarm = ?', name, alarm);
  }
}
