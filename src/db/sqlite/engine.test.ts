import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sampleSchema } from '../database.contract.ts';
import type { Database } from '../database.ts';
import { openDatabase } from '../open-database.ts';

/** How many commits a write-ahead log holds: frames that carry the size of the database (sqlite.org/fileformat2.html, 4.1). */
async function commitsIn(path: string): Promise<number> {
  const log = await readFile(`${path}-wal`);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes) {
    if (log.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}

describe('transactions that arrive together', () => {
  let directory: string;
  let path: string;
  let database: Database;
  const add = (text: string): Promise<unknown> =>
    database.transaction((tx) => tx.run('INSERT INTO notes (text) VALUES (?)', text));
  const texts = async (): Promise<string[]> =>
    (await database.all<{ text: string }>('SELECT text FROM notes ORDER BY id')).map(({ text }) => text);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-db-'));
    path = join(directory, 'test.db');
    database = await openDatabase({
      place: { kind: 'sqlite', path },
      migrations: [sampleSchema],
      worker: true,
    });
  });
  afterEach(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are committed as one', async () => {
    const before = await commitsIn(path);
    const names = Array.from({ length: 50 }, (_, index) => `note ${index}`);
    await Promise.all(names.map(add));
    assert.deepEqual(await texts(), names);
    assert.equal((await commitsIn(path)) - before, 1);
  });

  it('all fail when the disk is full, those that were done before too', async () => {
    await database.run('PRAGMA max_page_count = 12');
    const outcomes = await Promise.allSettled([
      add('a'),
      database.transaction((tx) =>
        tx.run("INSERT INTO notes (text, bytes) VALUES ('large', zeroblob(100000))"),
      ),
    ]);
    assert.equal(outcomes[1].status, 'rejected');
    assert.deepEqual(await texts(), outcomes[0].status === 'fulfilled' ? ['a'] : []);
    await add('b');
  });

  it('do not let the log grow without end', async () => {
    for (let round = 0; round < 40; round++) {
      const adding = Array.from({ length: 20 }, (_, index) =>
        database.run('INSERT INTO notes (text, bytes) VALUES (?, zeroblob(50000))', `${round} ${index}`),
      );
      await Promise.all(adding);
    }
    assert.equal((await texts()).length, 800);
    assert.ok((await readFile(`${path}-wal`)).length < 36e6);
  });
});
