import type { Database, SqlValue } from '../../db/index.ts';
import { type LogKind, type LogRecord, parseRecord } from './log-record.ts';

/** Which records are meant; all when nothing is said. */
export interface LogFilter {
  readonly kind?: LogKind | undefined;
  /** Who did it, exactly as recorded. */
  readonly by?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Some of the records that are meant, the newest first. */
export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Where to go on with `before`; undefined at the beginning of the log. */
  readonly next: number | undefined;
}

/** How many records are looked at for one page: some ten milliseconds of the database. */
const span = 5000;

/**
 * Looks for records from number `before` down, at most `limit`. A page may have none and still say where to go on, so
 * that a long log keeps nobody waiting for the database.
 */
export async function searchLog(
  database: Database,
  filter: LogFilter,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Promise<LogPage> {
  const top = before ?? (await lastSequence(database)) + 1;
  const bottom = Math.max(0, top - 1 - span);
  const conditions = conditionsOf(filter);
  const rows = await database.all<{ sequence: number; record: string }>(
    `SELECT sequence, record FROM log WHERE sequence < ? AND sequence > ?
      ${conditions.map(({ sql }) => `AND ${sql}`).join(' ')} ORDER BY sequence DESC LIMIT ?`,
    top,
    bottom,
    ...conditions.map(({ value }) => value),
    limit,
  );
  const records = rows.flatMap(({ record }) => parseRecord(record) ?? []);
  const last = rows.length === limit ? (rows.at(-1)?.sequence ?? 1) : bottom + 1;
  return { records, next: last > 1 ? last : undefined };
}

async function lastSequence(database: Database): Promise<number> {
  const row = await database.get<{ last: number | null }>('SELECT max(sequence) AS last FROM log');
  return row?.last ?? 0;
}

/** ISO 8601 in UTC is in the order of its text. */
function conditionsOf({ kind, by, since, until }: LogFilter): { sql: string; value: SqlValue }[] {
  return [
    { sql: `json_extract(record, '$.kind') = ?`, value: kind },
    { sql: `json_extract(record, '$.by') = ?`, value: by },
    { sql: `json_extract(record, '$.at') >= ?`, value: since?.toISOString() },
    { sql: `json_extract(record, '$.at') <= ?`, value: until?.toISOString() },
  ].flatMap(({ sql, value }) => (value === undefined ? [] : [{ sql, value }]));
}
