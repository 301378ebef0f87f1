import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { openDatabase, QueuedDatabase } from '../open-database.ts';
import { CommittedReader, SqliteConnection } from './connection.ts';
import { LocalConnection, SqliteEngine } from './engine.ts';
import { LogKeeper, WriteAheadLog } from './log-keeper.ts';

const schema = {
  owner: 'test',
  version: 1,
  sqlite: 'CREATE TABLE notes (text TEXT NOT NULL) STRICT;',
  postgres: '',
};

test('once a commit did not reach the disk, what waited behind it fails too', async () => {
  await using place = await Place.create();
  const database = place.openWith(new LosingOnce(new WriteAheadLog(place.path)));
  const notes = Array.from({ length: 600 }, (_, index) =>
    database.run('INSERT INTO notes VALUES (?)', `${index}`),
  );
  for (const { status, reason } of (await Promise.allSettled(notes)) as PromiseRejectedResult[]) {
    assert.equal(status, 'rejected');
    assert.ok(isHoldfastError(reason, 'storage_failed'));
  }
  await assert.rejects(database.get('SELECT 1'), (error) => isHoldfastError(error, 'storage_failed'));
  await database.close();
});

test('who listens hears of what is on the disk before anybody is told that it is', async () => {
  await using place = await Place.create();
  const database = await openDatabase({ place: { kind: 'sqlite', path: place.path }, migrations: [schema] });
  using reader = new CommittedReader(place.path);
  const heard: unknown[] = [];
  const stop = database.onDurable(async () => {
    heard.push((await reader.get('SELECT count(*) AS n FROM notes'))?.['n']);
  });
  const add = async (): Promise<unknown> => {
    await database.run("INSERT INTO notes VALUES ('a')");
    return heard.at(-1);
  };
  assert.deepEqual(await Promise.all([add(), add(), add()]), [3, 3, 3]);
  await database.transaction((tx) => tx.get('SELECT 1'));
  stop();
  await add();
  assert.deepEqual(heard, [3]);
  await database.close();
});

/** A disk that fails once and then says that all is well, as Linux does of one that has lost what it was given (fsync(2)). */
class LosingOnce extends LogKeeper {
  #hasLost = false;

  override async sync(): Promise<void> {
    if (this.#hasLost) return await super.sync();
    this.#hasLost = true;
    throw new HoldfastError('storage_failed', 'the disk has lost something');
  }
}

class Place implements AsyncDisposable {
  readonly #directory: string;
  readonly path: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'test.db');
  }

  static async create(): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), 'holdfast-db-')));
    await (await openDatabase({ place: { kind: 'sqlite', path: place.path }, migrations: [schema] })).close();
    return place;
  }

  openWith(keeper: LogKeeper): QueuedDatabase {
    const writer = new SqliteConnection(this.path, 'writer');
    const reader = new LocalConnection(new SqliteConnection(this.path, 'reader'));
    return new QueuedDatabase(new SqliteEngine({ writer, reader, local: reader, keeper }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }
}
