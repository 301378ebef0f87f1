import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '../../src/base/index.ts';
import { databaseContract, sameStep, sampleSchema } from '../../src/db/database.contract.ts';
import { openDatabase } from '../../src/db/index.ts';
import { giveToNobody, PostgresServer } from '../rig/postgres.ts';
import { openAt, placeAt } from '../rig/postgres-place.ts';
import { cannotMount, mountSmallDisk } from '../rig/small-disk.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server[Symbol.asyncDispose]());

/** A new database, gone at the end of its test. */
async function newUrl(t: TestContext): Promise<string> {
  const name = await server.createDatabase();
  t.after(() => server.query(`DROP DATABASE ${name} WITH (FORCE)`));
  return server.url(name);
}

databaseContract('PostgreSQL', async (t) => ({ place: placeAt(await newUrl(t)) }));

describe('a database of PostgreSQL', () => {
  it('is named as in use while another server has it, with who that is', async (t) => {
    const url = await newUrl(t);
    const first = await openAt(url);
    await assert.rejects(openAt(url), (error) => {
      assert.ok(isHoldfastError(error, 'database_in_use'));
      assert.match(
        error.message,
        new RegExp(`in use by holdfast .*/${process.pid} \\(127\\.0\\.0\\.1, process`),
      );
      return true;
    });
    await first.run("INSERT INTO notes (text) VALUES ('still mine')");
    await first.close();
    await using next = await openAt(url);
    assert.deepEqual(await next.all('SELECT text FROM notes'), [{ text: 'still mine' }]);
  });

  it('gets one schema, however many open it for the first time at once', async (t) => {
    let opened = 0;
    for (let round = 0; round < 5; round++) {
      const url = await newUrl(t);
      const openings = Array.from({ length: 200 }, async () => {
        const database = await openAt(url);
        await database.run("INSERT INTO notes (text) VALUES ('a') ON CONFLICT DO NOTHING");
        await database.close();
      });
      const outcomes = await Promise.allSettled(openings);
      for (const outcome of outcomes.filter(({ status }) => status === 'rejected')) {
        assert.ok(isHoldfastError((outcome as PromiseRejectedResult).reason, 'database_in_use'));
      }
      opened += outcomes.filter(({ status }) => status === 'fulfilled').length;
      await using database = await openAt(url);
      assert.deepEqual(
        await database.get('SELECT (SELECT count(*) FROM migrations) AS m, count(*) AS n FROM notes'),
        {
          m: 1,
          n: 1,
        },
      );
    }
    assert.ok(opened >= 5);
  });

  it('undoes what a transaction did that hides its failure', async (t) => {
    await using database = await openAt(await newUrl(t));
    const hiding = database.transaction(async (tx) => {
      await tx.run("INSERT INTO notes (text) VALUES ('a')");
      await tx.run("INSERT INTO notes (text) VALUES ('a')").catch(() => undefined);
    });
    await assert.rejects(hiding, /duplicate key/);
    assert.deepEqual(await database.all('SELECT text FROM notes'), []);
  });

  it('keeps question marks that are no parameters, and text of any script', async (t) => {
    await using database = await openAt(await newUrl(t));
    const sql = `INSERT INTO notes (text) VALUES ('what? ''?''' || ?) RETURNING text AS "really?" -- or not?`;
    const row = await database.transaction((tx) => tx.get(sql, ' Ω 漢 🔒'));
    assert.deepEqual(row, { 'really?': "what? '?' Ω 漢 🔒" });
  });

  it('gives whole numbers as numbers, and refuses those that would lose digits', async (t) => {
    await using database = await openAt(await newUrl(t));
    const row = await database.get(
      'SELECT 9007199254740991::bigint AS big, sum(id) AS none, true AS yes, 1.5::float8 AS half FROM notes',
    );
    assert.deepEqual(row, { big: 9007199254740991, none: null, yes: 1, half: 1.5 });
    await assert.rejects(database.get('SELECT 9007199254740993::bigint AS big'), RangeError);
  });

  it('names a full disk, keeps what was there and goes on', { skip: cannotMount }, async () => {
    using place = temporaryDirectory();
    giveToNobody(place.path);
    using _disk = mountSmallDisk(join(place.path, 'small'), '2m');
    giveToNobody(join(place.path, 'small'));
    await using own = await PostgresServer.start();
    await own.query(`CREATE TABLESPACE small LOCATION '${place.path}/small'`);
    const inSmall = sameStep(2, 'ALTER TABLE notes SET TABLESPACE small;');
    await using database = await openDatabase({
      place: placeAt(own.url()),
      migrations: [sampleSchema, inSmall],
    });
    await database.run("INSERT INTO notes (text) VALUES ('kept')");
    const filling = database.transaction(async (tx) => {
      for (let i = 0; i < 2000; i++) {
        await tx.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', `${i}`, randomBytes(1500));
      }
    });
    await assert.rejects(filling, (error) => isHoldfastError(error, 'storage_full'));
    assert.deepEqual(await database.all('SELECT text FROM notes'), [{ text: 'kept' }]);
    await database.run('DELETE FROM notes');
  });
});
