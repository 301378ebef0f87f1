import type { Records } from '../records/index.ts';
import { type LogKindName, type LogRecord, parseRecord } from './log-record.ts';

/** Which records are meant; all when nothing is said. */
export interface LogFilter {
  readonly kind?: LogKindName;
  /** Who did it, exactly as recorded. */
  readonly by?: string;
  readonly since?: Date;
  readonly until?: Date;
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
  { log }: Records,
  filter: LogFilter,
  { before, limit }: { readonly before?: number; readonly limit: number },
): Promise<LogPage> {
  const top = before ?? (await log.lastSequence()) + 1;
  const bottom = Math.max(0, top - 1 - span);
  const rows = await log.search(filter, { above: bottom, below: top, limit });
  const records = rows.flatMap(({ record }) => parseRecord(record) ?? []);
  const last = rows.length === limit ? (rows.at(-1)?.sequence ?? 1) : bottom + 1;
  return { records, next: last > 1 ? last : undefined };
}
