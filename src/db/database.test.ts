import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import type { Database } from './database.ts';
import type { Migration } from './migrate.ts';
import { openDatabase } from './open-database.ts';

const schema: Migration = {
  owner: 'test',
  version: 1,
  sqlite: 'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, bytes BLOB) STRICT;',
  postgres: '',
};

/** A step that both kinds of database are told in the same words. */
function step(version: number, sql: string, owner = 'test'): Migration {
  return { owner, version, sqlite: sql, postgres: sql };
}

/** The contract: the same for a connection in this thread and for one in its own. */
for (const worker of [false, true]) {
  describe(`a database ${worker ? 'in its own thread' : "in the caller's thread"}`, () => {
    let directory: string;
    let path: string;
    const open = (...migrations: Migration[]): Promise<Database> =>
      openDatabase({
        place: { kind: 'sqlite', path },
        migrations: migrations.length > 0 ? migrations : [schema],
        worker,
      });

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'holdfast-db-'));
      path = join(directory, 'test.db');
    });
    afterEach(() => rm(directory, { recursive: true, force: true }));

    it('gives back what was stored, bytes and nothing included', async () => {
      await using database = await open();
      await database.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', 'a', Uint8Array.of(1, 2));
      await database.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', 'b', null);
      assert.deepEqual(await database.all('SELECT * FROM notes ORDER BY id'), [
        { id: 1, text: 'a', bytes: Uint8Array.of(1, 2) },
        { id: 2, text: 'b', bytes: null },
      ]);
      assert.deepEqual(await database.get('SELECT text FROM notes WHERE id = ?', 2), { text: 'b' });
      assert.equal(await database.get('SELECT text FROM notes WHERE id = 3'), undefined);
      assert.deepEqual(await database.run('DELETE FROM notes'), { changes: 2 });
    });

    it('keeps a transaction that ended well and nothing of one that failed', async () => {
      await using database = await open();
      await database.transaction((tx) => tx.run("INSERT INTO notes (text) VALUES ('kept')"));
      const failing = database.transaction(async (tx) => {
        await tx.run("INSERT INTO notes (text) VALUES ('lost')");
        throw new RangeError('changed my mind');
      });
      await assert.rejects(failing, RangeError);
      assert.deepEqual(await database.all('SELECT text FROM notes'), [{ text: 'kept' }]);
    });

    it('runs transactions one after the other and shows nobody their inside', async () => {
      await using database = await open();
      const increment = async (): Promise<void> => {
        await database.transaction(async (tx) => {
          const row = await tx.get<{ n: number }>('SELECT count(*) AS n FROM notes');
          await tx.run('INSERT INTO notes (text) VALUES (?)', `note ${row?.n}`);
          await tx.run('UPDATE notes SET bytes = ? WHERE text = ?', Uint8Array.of(1), `note ${row?.n}`);
        });
      };
      const half = (): Promise<unknown[]> => database.all('SELECT id FROM notes WHERE bytes IS NULL');
      const [, seen, , seenLater] = await Promise.all([
        increment(),
        half(),
        increment(),
        half(),
        increment(),
      ]);
      assert.deepEqual([seen, seenLater], [[], []]);
      assert.deepEqual(await database.get('SELECT count(*) AS n FROM notes'), { n: 3 });
    });

    it('reads at once what is committed and nothing else, within a transaction too', async () => {
      await using database = await open();
      const texts = (): Promise<unknown> => database.committed.all('SELECT text FROM notes');
      await database.transaction(async (tx) => {
        await tx.run("INSERT INTO notes (text) VALUES ('a')");
        assert.deepEqual(await texts(), []);
      });
      assert.deepEqual(await texts(), [{ text: 'a' }]);
      assert.deepEqual(await database.committed.get('SELECT id FROM notes WHERE text = ?', 'b'), undefined);
      await assert.rejects(database.committed.all('DELETE FROM notes RETURNING id'), /read-?only/);
    });

    it('refuses the database itself inside a transaction instead of waiting for ever', async () => {
      await using database = await open();
      await assert.rejects(
        database.transaction(() => database.run('DELETE FROM notes')),
        TypeError,
      );
      await assert.rejects(
        database.transaction(() => database.transaction(() => undefined)),
        TypeError,
      );
      await database.run('DELETE FROM notes');
    });

    it('refuses the handle of a transaction that has ended', async () => {
      await using database = await open();
      const escaped = await database.transaction((tx) => ({ tx }));
      await assert.rejects(escaped.tx.run('DELETE FROM notes'), TypeError);
    });

    it('is there for the next opening, and for its owner alone', async () => {
      const first = await open();
      await first.run("INSERT INTO notes (text) VALUES ('a')");
      await first.close();
      const again = await open();
      await again.run("INSERT INTO notes (text) VALUES ('b')");
      assert.deepEqual(await again.all('SELECT text FROM notes'), [{ text: 'a' }, { text: 'b' }]);
      assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.equal((await stat(`${path}-wal`)).mode & 0o777, 0o600);
      await again.close();
      await again.close();
      await assert.rejects(again.all('SELECT 1'), TypeError);
    });

    it('applies only the migrations that are missing', async () => {
      await (await open()).close();
      const second = step(2, 'ALTER TABLE notes ADD COLUMN more TEXT;');
      await using database = await open(schema, second);
      assert.deepEqual(await database.all('SELECT more FROM notes'), []);
    });

    it('leaves nothing of migrations of which one fails', async () => {
      const broken = step(2, 'CREATE TABLE more (id INTEGER); NONSENSE;');
      await assert.rejects(open(schema, broken), /NONSENSE/);
      await using database = await openDatabase({ place: { kind: 'sqlite', path }, migrations: [], worker });
      assert.deepEqual(await database.all("SELECT name FROM sqlite_schema WHERE type = 'table'"), [
        { name: 'migrations' },
      ]);
    });

    it('does not touch a database of a newer version', async () => {
      await (await open(schema, step(7, 'CREATE TABLE later (id INTEGER);', 'future'))).close();
      const before = await readFile(path);
      await assert.rejects(open(), (error) => {
        assert.ok(isHoldfastError(error, 'database_newer'));
        assert.match(error.message, /step 7 of future, this program knows up to 0/);
        return true;
      });
      assert.deepEqual(await readFile(path), before);
    });

    it('names a damaged database, whether its head or its middle is damaged', async () => {
      await writeFile(
        path,
        'this was never a database, and is long enough to be looked at closely'.repeat(20),
      );
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
}
