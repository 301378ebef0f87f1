import type { CustomTypesConfig } from 'pg';
import type { SqlValue } from '../database.ts';

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
