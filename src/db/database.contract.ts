import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import type { Database } from './database.ts';
import type { Migration } from './migrate.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';

/** What the tests keep: notes with bytes, and answers that may come before their note within a transaction. */
export const sampleSchema: Migration = {
  owner: 'test',
  version: 1,
  sqlite: `CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, bytes BLOB) STRICT;
    CREATE TABLE answers (note INTEGER NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED) STRICT;`,
  postgres: `CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL UNIQUE, bytes bytea);
    CREATE TABLE answers (note bigint NOT NULL REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED);`,
};

/** A step that both kinds of database are told in the same words. */
export function sameStep(version: number, sql: string, owner = 'test'): Migration {
  return { owner, version, sqlite: sql, postgres: sql };
}

/** Where a new, empty database of the kind under test is; what it needs cleaned up is registered with `t.after`. */
export type MakePlace = (t: TestContext) => Promise<Omit<DatabaseOptions, 'migrations'>>;

type Open = (...migrations: Migration[]) => Promise<Database>;

/** The promises of {@link Database}, as tests. Every kind of database passes them. */
export function databaseContract(name: string, makePlace: MakePlace): void {
  const opening = async (t: TestContext): Promise<Open> => {
    const place = await makePlace(t);
    return (...migrations) =>
      openDatabase({ ...place, migrations: migrations.length > 0 ? migrations : [sampleSchema] });
  };
  describe(`${name} keeps the promises of a database`, () => {
    transactionContract(opening);
    groupContract(opening);
    schemaContract(opening);
  });
}

type Opening = (t: TestContext) => Promise<Open>;

function transactionContract(opening: Opening): void {
  it('gives back what was stored, bytes and nothing included', async (t) => {
    const open = await opening(t);
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

  it('keeps a transaction that ended well and nothing of one that failed', async (t) => {
    const open = await opening(t);
    await using database = await open();
    await database.transaction((tx) => tx.run("INSERT INTO notes (text) VALUES ('kept')"));
    const failing = database.transaction(async (tx) => {
      await tx.run("INSERT INTO notes (text) VALUES ('lost')");
      throw new RangeError('changed my mind');
    });
    await assert.rejects(failing, RangeError);
    assert.deepEqual(await database.all('SELECT text FROM notes'), [{ text: 'kept' }]);
  });

  it('runs transactions one after the other and shows nobody their inside', async (t) => {
    const open = await opening(t);
    await using database = await open();
    const increment = async (): Promise<void> => {
      await database.transaction(async (tx) => {
        const row = await tx.get<{ n: number }>('SELECT count(*) AS n FROM notes');
        await tx.run('INSERT INTO notes (text) VALUES (?)', `note ${row?.n}`);
        await tx.run('UPDATE notes SET bytes = ? WHERE text = ?', Uint8Array.of(1), `note ${row?.n}`);
      });
    };
    const half = (): Promise<unknown[]> => database.all('SELECT id FROM notes WHERE bytes IS NULL');
    const [, seen, , seenLater] = await Promise.all([increment(), half(), increment(), half(), increment()]);
    assert.deepEqual([seen, seenLater], [[], []]);
    assert.deepEqual(await database.get('SELECT count(*) AS n FROM notes'), { n: 3 });
  });

  it('reads at once what is committed and nothing else, within a transaction too', async (t) => {
    const open = await opening(t);
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

  it('refuses the database itself inside a transaction instead of waiting for ever', async (t) => {
    const open = await opening(t);
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

  it('refuses the handle of a transaction that has ended', async (t) => {
    const open = await opening(t);
    await using database = await open();
    const escaped = await database.transaction((tx) => ({ tx }));
    await assert.rejects(escaped.tx.run('DELETE FROM notes'), TypeError);
  });
}

function schemaContract(opening: Opening): void {
  it('is there for the next opening', async (t) => {
    const open = await opening(t);
    const first = await open();
    await first.run("INSERT INTO notes (text) VALUES ('a')");
    await first.close();
    const again = await open();
    await again.run("INSERT INTO notes (text) VALUES ('b')");
    assert.deepEqual(await again.all('SELECT text FROM notes'), [{ text: 'a' }, { text: 'b' }]);
    await again.close();
    await again.close();
    await assert.rejects(again.all('SELECT 1'), TypeError);
  });

  it('applies only the migrations that are missing', async (t) => {
    const open = await opening(t);
    await (await open()).close();
    await using database = await open(sampleSchema, sameStep(2, 'ALTER TABLE notes ADD COLUMN more TEXT;'));
    assert.deepEqual(await database.all('SELECT more FROM notes'), []);
  });

  it('leaves nothing of migrations of which one fails', async (t) => {
    const open = await opening(t);
    const broken = sameStep(2, 'CREATE TABLE more (id INTEGER); NONSENSE;');
    await assert.rejects(open(sampleSchema, broken), /NONSENSE/);
    await using database = await open(
      sameStep(1, 'CREATE TABLE more (id INTEGER); CREATE TABLE notes (id INTEGER);'),
    );
    assert.deepEqual(await database.all('SELECT owner, version FROM migrations'), [
      { owner: 'test', version: 1 },
    ]);
  });

  it('does not touch a database of a newer version', async (t) => {
    const open = await opening(t);
    const later = sameStep(7, 'CREATE TABLE later (id INTEGER);', 'future');
    await (await open(sampleSchema, later)).close();
    await assert.rejects(open(sampleSchema, sameStep(2, 'DROP TABLE later;')), (error) => {
      assert.ok(isHoldfastError(error, 'database_newer'));
      assert.match(error.message, /step 7 of future, this program knows up to 0/);
      return true;
    });
    await using database = await open(sampleSchema, later);
    assert.deepEqual(await database.all('SELECT id FROM later'), []);
  });
}

/** Transactions that arrive together. */
function groupContract(opening: Opening): void {
  it('undoes those alone that fail, of many that arrive together', async (t) => {
    await using database = await (await opening(t))();
    const outcomes = await Promise.allSettled([
      add(database, 'a'),
      add(database, 'b'),
      add(database, 'a'),
      database.transaction(async (tx) => {
        await tx.run("INSERT INTO notes (text) VALUES ('lost')");
        throw new RangeError('changed my mind');
      }),
      database.transaction((tx) => tx.get('SELECT nothing FROM nowhere')),
      add(database, 'c'),
    ]);
    const states = outcomes.map(({ status }) => status);
    assert.deepEqual(states, ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled']);
    assert.deepEqual(await texts(database), ['a', 'b', 'c']);
  });

  it('shows them what the ones before them did, which nobody else sees before all are kept', async (t) => {
    await using database = await (await opening(t))();
    const { committed } = database;
    const count = 'SELECT count(*) AS n FROM notes';
    const [, seen] = await Promise.all([
      add(database, 'a'),
      database.transaction(async (tx) => [await tx.get(count), await committed.get(count)]),
    ]);
    assert.deepEqual(seen, [{ n: 1 }, { n: 0 }]);
    assert.deepEqual(await committed.get(count), { n: 1 });
  });

  it('fails all of them when their commit fails, and leaves nothing', async (t) => {
    await using database = await (await opening(t))();
    const outcomes = await Promise.allSettled([
      add(database, 'a'),
      database.transaction((tx) => tx.run('INSERT INTO answers (note) VALUES (1000)')),
      add(database, 'b'),
    ]);
    for (const { status } of outcomes) assert.equal(status, 'rejected');
    assert.deepEqual(await texts(database), []);
    await add(database, 'c');
    assert.deepEqual(await texts(database), ['c']);
  });

  it('tells who listens of what is kept before anybody else hears of it', async (t) => {
    await using database = await (await opening(t))();
    let heard = 0;
    const stop = database.onDurable(async () => {
      heard += 1;
    });
    const adding = ['a', 'b', 'c'].map(async (text) => {
      await add(database, text);
      return heard;
    });
    assert.deepEqual(await Promise.all(adding), [1, 1, 1]);
    await database.transaction((tx) => tx.get('SELECT 1'));
    stop();
    await add(database, 'd');
    assert.equal(heard, 1);
  });
}

function add(database: Database, text: string): Promise<unknown> {
  return database.transaction((tx) => tx.run('INSERT INTO notes (text) VALUES (?)', text));
}

async function texts(database: Database): Promise<string[]> {
  return (await database.all<{ text: string }>('SELECT text FROM notes ORDER BY id')).map(({ text }) => text);
}
