import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { hasAuthority } from '../../src/authority/opening/build-authority.ts';
import { createAuthority } from '../../src/authority/opening/create-authority.ts';
import { openAuthority } from '../../src/authority/opening/open-authority.ts';
import { HoldfastError, systemClock } from '../../src/base/index.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../rig/postgres-database.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

/** Makes the authority of a home in a database, and closes it; gives the code of the error when it may not. */
async function tryToCreate(home: string, { place }: TestDatabase): Promise<string> {
  mkdirSync(home, { mode: 0o700 });
  const options = { home, network: 'backup.example', statusAddress: 'http://status.example:8445' };
  const recoveryKit = { write: async () => {} };
  try {
    await (await createAuthority({ ...options, database: place, clock: systemClock, recoveryKit })).close();
    return 'made';
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error.code;
  }
}

it('makes one authority in an empty database, however many begin one there at once', async () => {
  using directory = temporaryDirectory();
  await using server = await PostgresServer.start();
  for (let round = 0; round < 5; round++) {
    await using database = await createTestDatabase(server.url(), 'no tables');
    const homes = Array.from({ length: 20 }, (_, index) => join(directory.path, `${round}-${index}`));
    const outcomes = await Promise.all(homes.map((home) => tryToCreate(home, database)));
    const others = outcomes.filter((outcome) => outcome !== 'made');
    assert.equal(others.length, homes.length - 1);
    assert.ok(
      others.every((code) => ['database_in_use', 'database_refused'].includes(code)),
      others.join(),
    );
    for (const [index, home] of homes.entries()) {
      assert.equal(await hasAuthority(home), outcomes[index] === 'made');
      if (outcomes[index] !== 'made') assert.deepEqual(readdirSync(home), ['lock.db']);
    }
    const home = homes[outcomes.indexOf('made')] ?? '';
    await using authority = await openAuthority({ home, database: database.place, clock: systemClock });
    await authority.log.verify();
  }
});
