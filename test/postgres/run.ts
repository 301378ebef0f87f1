import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import type { PostgresKind } from '../rig/postgres-programs.ts';

/** Runs the tests of databases on the newest PostgreSQL, and the contract again on the oldest. */
const whole = runTests('newest', globSync('test/postgres/*.test.ts'));
const again = runTests('debian', ['test/postgres/database.test.ts']);
process.exitCode = whole && again ? 0 : 1;

function runTests(kind: PostgresKind, files: readonly string[]): boolean {
  const words = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
  ];
  const { status } = spawnSync(process.execPath, [...words, ...files], {
    env: { ...process.env, HOLDFAST_TEST_POSTGRES: kind },
    stdio: 'inherit',
  });
  return status === 0;
}
