import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runProgram } from '../rig/holdfast-process.ts';
import { PostgresServer } from '../rig/postgres.ts';
import type { PostgresKind } from '../rig/postgres-programs.ts';
import { inProcessGroups } from '../rig/process-groups.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

/** What a request says, how a record is written as text, and which keys are made: decided before anything is on record. */
const beforeRecords = [
  'src/authority/requests/request-shapes.test.ts',
  'src/authority/issue/key-algorithms.test.ts',
  'src/authority/log/log-record.test.ts',
  'src/authority/ocsp/recent.test.ts',
];

/** What agents tell, who is told of it, and what the server has them do: by the program as it is, its server with records there. */
const byProgram = ['test/agent-reports.test.ts', 'test/notices.test.ts', 'test/jobs.test.ts'];

/** What is proved of records in a file, to be proved of records in PostgreSQL too, by the same tests. */
const files: Readonly<Record<PostgresKind, readonly string[]>> = {
  newest: [...globSync('src/authority/**/*.test.ts', { exclude: beforeRecords }), ...byProgram],
  // The contract of databases, and a part of the authority that has each of its tables.
  debian: [
    'test/postgres/database.test.ts',
    'src/authority/requests/requests.test.ts',
    'src/authority/revocation/revoke-issuer.test.ts',
    'src/authority/log/claims/compare-records.test.ts',
  ],
};

const place = temporaryDirectory();
after(() => place[Symbol.dispose]());

for (const kind of ['newest', 'debian'] as const) {
  describe(`PostgreSQL, the ${kind} one, keeps the promises of`, () => {
    let server: PostgresServer;
    before(async () => {
      server = await PostgresServer.start(kind);
    });
    after(() => server[Symbol.asyncDispose]());

    for (const file of inProcessGroups(files[kind], join(place.path, kind))) {
      it(basename(file), async (t) => {
        const env = {
          HOLDFAST_TEST_POSTGRES: kind,
          HOLDFAST_TEST_DATABASE: server.url(),
          // It would report to this run, as if this process were a test runner.
          NODE_TEST_CONTEXT: undefined,
        };
        const { stdout } = await runProgram(process.execPath, [...process.execArgv, file], { env });
        // What is about a file is skipped there, and seen here.
        t.diagnostic(`${countIn(stdout, 'pass')} pass, ${countIn(stdout, 'skipped')} skipped`);
      });
    }
  });
}

/** A count of the summary that a test file ends with. */
function countIn(summary: string, what: 'pass' | 'skipped'): string {
  return new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(summary)?.[1] ?? '?';
}
