import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openDatabase } from '../open-database.ts';
import { CommittedReader } from './connection.ts';

it('a reader answers at once, from what is committed and from nothing else', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-reader-'));
  const path = join(directory, 'test.db');
  const sql = 'CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT;';
  const database = await openDatabase({
    place: { kind: 'sqlite', path },
    migrations: [{ owner: 'test', version: 1, sqlite: sql, postgres: '' }],
    worker: true,
  });
  using reader = new CommittedReader(path);
  const find = async (text: string): Promise<boolean> =>
    (await reader.get('SELECT 1 FROM notes WHERE text = ?', text)) !== undefined;
  try {
    await database.transaction(async (tx) => {
      await tx.run("INSERT INTO notes VALUES ('a')");
      assert.equal(await find('a'), false);
    });
    assert.equal(await find('a'), true);
    await assert.rejects(reader.get("DELETE FROM notes WHERE text = 'a'"), /readonly/);
  } finally {
    await database.close();
    await rm(directory, { recursive: true });
  }
});
