import type { CustomTypesConfig } from 'pg';
import type { SqlValue } from '../database.ts';

/** A statement as PostgreSQL takes it: prepared once for each connection, under a name. */
interface PostgresStatement {
  readonly name: string;
  readonly text: string;
}

const known = new Map<string, PostgresStatement>();

/**
 * The statement for a text whose parameters are `?`. Texts are the program's own constants, never built from input, so each
 * is turned once and kept for ever.
 */
export function postgresStatement(sql: string): PostgresStatement {
  const made = known.get(sql) ?? { name: `holdfast_${known.size + 1}`, text: numbered(sql) };
  known.set(sql, made);
  return made;
}

/** What is in quotes stays as it is (a quote in it is written twice: two strings side by side), and so does a comment. */
const parts = /'[^']*'|"[^"]*"|--[^\n]*|\?/g;

function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll(parts, (part) => (part === '?' ? `$${++count}` : part));
}

/** Types of PostgreSQL by their number in `pg_type`. */
const bool = 16;
const bytea = 17;
const int8 = 20;
const int2 = 21;
const int4 = 23;
const float4 = 700;
const float8 = 701;
const numeric = 1700;

/** Makes of what the server writes as text what SQLite gives: integers are numbers, truth is 0 and 1, bytes are bytes. */
export const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers[oid] ?? String,
};

const parsers: Readonly<Record<number, (text: string) => SqlValue>> = {
  [bool]: (text) => (text === 't' ? 1 : 0),
  [bytea]: (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  [int2]: safeNumber,
  [int4]: safeNumber,
  [int8]: safeNumber,
  [numeric]: safeNumber,
  [float4]: Number,
  [float8]: Number,
};

function safeNumber(text: string): number {
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new RangeError(`${text} is too large for a number`);
  return value;
}
