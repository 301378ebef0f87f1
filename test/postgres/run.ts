import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { PostgresServer } from '../rig/postgres.ts';
import type { PostgresKind } from '../rig/postgres-programs.ts';

/**
 * Runs what is kept in a database on real PostgreSQL servers: databases and the authority on the newest, and on the older
 * one the contract of databases and a part of the authority that has each of its tables.
 */
const results = [
  await runTests('newest', globSync('test/postgres/*.test.ts')),
  await runAuthority('newest', globSync('src/authority/**/*.test.ts')),
  await runTests('debian', ['test/postgres/database.test.ts']),
  await runAuthority('debian', [
    'src/authority/requests/requests.test.ts',
    'src/authority/revocation/revoke-issuer.test.ts',
    'src/authority/log/claims/compare-records.test.ts',
  ]),
];
process.exitCode = results.every(Boolean) ? 0 : 1;

/** Each authority has a database of its own on one server. */
async function runAuthority(kind: PostgresKind, files: readonly string[]): Promise<boolean> {
  await using server = await PostgresServer.start(kind);
  return await runTests(kind, files, { HOLDFAST_TEST_DATABASE: server.url() });
}

/** Not synchronously: the log of a server that nobody reads would stop it. */
async function runTests(
  kind: PostgresKind,
  files: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<boolean> {
  const words = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
  ];
  const tests = spawn(process.execPath, [...words, ...files], {
    env: { ...process.env, HOLDFAST_TEST_POSTGRES: kind, ...more },
    stdio: 'inherit',
  });
  const [status] = (await once(tests, 'exit')) as [number | null];
  return status === 0;
}
