/** A statement as PostgreSQL takes it: prepared once for each connection, under a name. */
export interface PostgresStatement {
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
