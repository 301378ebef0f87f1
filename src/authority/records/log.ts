import type { Queries, SqlValue } from '../../db/index.ts';
import { marks } from './statement.ts';

/** A record of the log as it is kept: the hashes are of its text. */
export interface LogRow {
  readonly sequence: number;
  readonly record: string;
}

/** Which records are looked for; all of them when nothing is said. */
export interface LogConditions {
  readonly kind?: string;
  /** Who did it, exactly as recorded. */
  readonly by?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** Somebody who was refused. */
export interface RefusedRow {
  readonly by: string;
  readonly code: string;
  readonly times: number;
  /** When that was last recorded (ISO 8601). */
  readonly last: string;
}

/** The log: records are added at its end, and never changed. */
export class LogRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async append({ sequence, record }: LogRow): Promise<void> {
    await this.#queries.run('INSERT INTO log (sequence, record) VALUES (?, ?)', sequence, record);
  }

  /** The last record, or undefined. */
  last(): Promise<LogRow | undefined> {
    return this.#queries.get<LogRow>('SELECT sequence, record FROM log ORDER BY sequence DESC LIMIT 1');
  }

  /** The number of the last record, 0 when there is none. */
  async lastSequence(): Promise<number> {
    const row = await this.#queries.get<{ last: number | null }>('SELECT max(sequence) AS last FROM log');
    return row?.last ?? 0;
  }

  /** The text of a record. */
  async text(sequence: number): Promise<string | undefined> {
    const sql = 'SELECT record FROM log WHERE sequence = ?';
    return (await this.#queries.get<{ record: string }>(sql, sequence))?.record;
  }

  /** The records after one, in order. */
  after(sequence: number, limit: number): Promise<LogRow[]> {
    const sql = 'SELECT sequence, record FROM log WHERE sequence > ? ORDER BY sequence LIMIT ?';
    return this.#queries.all<LogRow>(sql, sequence, limit);
  }

  /** Those of a span that meet the conditions, the newest first. */
  search(
    { kind, by, since, until }: LogConditions,
    { above, below, limit }: { readonly above: number; readonly below: number; readonly limit: number },
  ): Promise<LogRow[]> {
    const conditions: { readonly sql: string; readonly value: SqlValue | undefined }[] = [
      { sql: "json_extract(record, '$.kind') = ?", value: kind },
      { sql: "json_extract(record, '$.by') = ?", value: by },
      { sql: "json_extract(record, '$.at') >= ?", value: since?.toISOString() },
      { sql: "json_extract(record, '$.at') <= ?", value: until?.toISOString() },
    ];
    const said = conditions.flatMap(({ sql, value }) => (value === undefined ? [] : [{ sql, value }]));
    return this.#queries.all<LogRow>(
      `SELECT sequence, record FROM log WHERE sequence > ? AND sequence < ?
        ${said.map(({ sql }) => `AND ${sql}`).join(' ')} ORDER BY sequence DESC LIMIT ?`,
      above,
      below,
      ...said.map(({ value }) => value),
      limit,
    );
  }

  /** All of a kind that a detail says something of, the newest first. */
  async withDetail(kind: string, detail: string, value: string): Promise<string[]> {
    const rows = await this.#queries.all<{ record: string }>(
      `SELECT record FROM log WHERE json_extract(record, '$.kind') = ? AND json_extract(record, '$.details.${detail}') = ?
        ORDER BY sequence DESC`,
      kind,
      value,
    );
    return rows.map(({ record }) => record);
  }

  /** Those of these kinds after one, in order. */
  async ofKinds(kinds: readonly string[], sequence: number): Promise<string[]> {
    const rows = await this.#queries.all<{ record: string }>(
      `SELECT record FROM log WHERE sequence > ? AND json_extract(record, '$.kind') IN (${marks(kinds.length)})
        ORDER BY sequence`,
      sequence,
      ...kinds,
    );
    return rows.map(({ record }) => record);
  }

  /** Who was refused since a time, among the records after one: by whom and why, the most often first. */
  refused(
    codes: { readonly prefix: string; readonly also: readonly string[] },
    { since, above, limit }: { readonly since: Date; readonly above: number; readonly limit: number },
  ): Promise<RefusedRow[]> {
    return this.#queries.all<RefusedRow>(
      `SELECT "by", code, sum(times) AS times, max("at") AS last FROM (
          SELECT json_extract(record, '$.by') AS "by", json_extract(record, '$.details.code') AS code,
            CAST(coalesce(json_extract(record, '$.details.repeated'), '1') AS INTEGER) AS times,
            json_extract(record, '$.at') AS "at"
          FROM log WHERE sequence > ? AND json_extract(record, '$.kind') = 'refused') AS refusals
        WHERE "at" >= ? AND (substr(code, 1, ?) = ? OR code IN (${marks(codes.also.length)}))
        GROUP BY "by", code ORDER BY times DESC, "by" LIMIT ?`,
      above,
      since.toISOString(),
      codes.prefix.length,
      codes.prefix,
      ...codes.also,
      limit,
    );
  }
}
