import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { databaseContract, sameStep, sampleSchema } from '../database.contract.ts';
import type { Database } from '../database.ts';
import type { Migration } from '../migrate.ts';
import { openDatabase } from '../open-database.ts';

for (const worker of [false, true]) {
  databaseContract(
    `a file ${worker ? 'read in its own thread' : "read in the caller's thread"}`,
    async (t) => {
      const directory = await mkdtemp(join(tmpdir(), 'holdfast-db-'));
      t.after(() => rm(directory, { recursive: true }));
      return { place: { kind: 'sqlite', path: join(directory, 'test.db') }, worker };
    },
  );
}

describe('a database in a file', () => {
  let directory: string;
  let path: string;
  const open = (...more: Migration[]): Promise<Database> =>
    openDatabase({ place: { kind: 'sqlite', path }, migrations: [sampleSchema, ...more], worker: true });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-db-'));
    path = join(directory, 'test.db');
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is for its owner alone', async () => {
    await using database = await open();
    await database.run("INSERT INTO notes (text) VALUES ('a')");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(`${path}-wal`)).mode & 0o777, 0o600);
  });

  it('is not touched by a program that is too old for it', async () => {
    await (await open(sameStep(7, 'CREATE TABLE later (id INTEGER);', 'future'))).close();
    const before = await readFile(path);
    await assert.rejects(open(), (error) => isHoldfastError(error, 'database_newer'));
    assert.deepEqual(await readFile(path), before);
  });

  it('names a damaged database, whether its head or its middle is damaged', async () => {
    await writeFile(path, 'this was never a database, and is long enough to be looked at closely'.repeat(20));
    await assert.rejects(open(), (error) => isHoldfastError(error, 'database_damaged'));
    await rm(path);
    const database = await open();
    for (let i = 0; i < 200; i++) {
      await database.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', `${i}`, new Uint8Array(500));
    }
    await database.close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xff, 4096 * 4, 4096 * 12));
    const damaged = await open();
    await assert.rejects(damaged.all('SELECT * FROM notes'), (error) =>
      isHoldfastError(error, 'database_damaged'),
    );
    await damaged.close();
  });

  it('names a full disk, keeps what was there and goes on', async () => {
    await using database = await open();
    await database.run("INSERT INTO notes (text) VALUES ('kept')");
    await database.run('PRAGMA max_page_count = 8');
    const filling = database.transaction(async (tx) => {
      for (let i = 0; i < 100; i++) {
        await tx.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', `${i}`, new Uint8Array(1000));
      }
    });
    await assert.rejects(filling, (error) => isHoldfastError(error, 'storage_full'));
    assert.deepEqual(await database.all('SELECT text FROM notes'), [{ text: 'kept' }]);
    await database.run("INSERT INTO notes (text) VALUES ('next')");
  });

  it('names a directory that is not there', async () => {
    path = join(directory, 'missing', 'test.db');
    await assert.rejects(open(), (error) => isHoldfastError(error, 'storage_failed'));
  });
});
