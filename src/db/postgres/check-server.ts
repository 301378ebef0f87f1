import { HoldfastError } from '../../base/index.ts';
import type { PostgresConnection } from './connection.ts';
import type { PostgresPlace } from './place.ts';

/** The oldest that the tests run on. */
const oldestVersion = 15;

interface ServerFacts {
  readonly version: number;
  readonly synchronous: string;
  readonly encoding: string;
  readonly standby: number;
}

/**
 * Checks that a server keeps what it has acknowledged, and text as it was given.
 * @throws HoldfastError `database_refused` that says what was found and how to change it
 */
export async function checkServer(connection: PostgresConnection, place: PostgresPlace): Promise<void> {
  const sql = `SELECT current_setting('server_version_num')::int / 10000 AS version,
    current_setting('synchronous_commit') AS synchronous, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery() AS standby`;
  const facts = (await connection.execute({ method: 'get', sql, params: [] })) as ServerFacts;
  const problem = problems(place).find(({ isFound }) => isFound(facts));
  if (problem === undefined) return;
  const { found, hint } = problem;
  throw new HoldfastError('database_refused', `database ${place.name} ${found(facts)}`, { hint });
}

interface Problem {
  readonly isFound: (facts: ServerFacts) => boolean;
  readonly found: (facts: ServerFacts) => string;
  readonly hint: string;
}

function problems({ database }: PostgresPlace): Problem[] {
  return [
    {
      isFound: ({ version }) => version < oldestVersion,
      found: ({ version }) => `is of PostgreSQL ${version}, expected ${oldestVersion} or later`,
      hint: 'upgrade PostgreSQL',
    },
    {
      isFound: ({ standby }) => standby === 1,
      found: () => 'is a standby, which only reads, expected the primary',
      hint: 'name the primary in the URL, or promote this one',
    },
    {
      isFound: ({ synchronous }) => synchronous === 'off',
      found: () => 'has synchronous_commit = off, expected on: it forgets what it has acknowledged',
      hint: `ALTER DATABASE "${database}" SET synchronous_commit = on`,
    },
    {
      isFound: ({ encoding }) => encoding !== 'UTF8',
      found: ({ encoding }) => `has the encoding ${encoding}, expected UTF8`,
      hint: `make one that has: createdb --encoding=UTF8 --template=template0 ${database}`,
    },
  ];
}
