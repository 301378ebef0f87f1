import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tables } from '../../src/authority/records/records.ts';
import { authorityMigrations } from '../../src/authority/records/schema.ts';
import { isHoldfastError } from '../../src/base/index.ts';
import { sampleSchema } from '../../src/db/database.contract.ts';
import { copyTables, type Database, type DatabaseLocation, openDatabase } from '../../src/db/index.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { placeAt } from '../rig/postgres-place.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server[Symbol.asyncDispose]());

const migrations = [sampleSchema];

describe('a copy of every row', () => {
  it('goes from a file to PostgreSQL and back, and both go on numbering after it', async () => {
    using directory = temporaryDirectory();
    const file = (name: string): DatabaseLocation => ({ kind: 'sqlite', path: join(directory.path, name) });
    const far = placeAt(server.url(await server.createDatabase()));
    {
      await using first = await openDatabase({ place: file('first'), migrations });
      await first.run('INSERT INTO notes (id, text, bytes) VALUES (41, ?, NULL)', 'Ω');
      for (let i = 0; i < 250; i++)
        await first.run('INSERT INTO notes (text, bytes) VALUES (?, ?)', `${i}`, Uint8Array.of(i));
      await first.run('INSERT INTO answers VALUES (41)');
    }
    const order = { migrations, tables: ['notes', 'answers'] };
    await copyTables({ ...order, from: file('first'), to: far });
    await copyTables({ ...order, from: far, to: file('back') });
    const all = async (place: DatabaseLocation): Promise<unknown> => {
      await using database = await openDatabase({ place, migrations });
      const rows = [
        await database.all('SELECT * FROM notes ORDER BY id'),
        await database.all('SELECT * FROM answers'),
      ];
      const made = await database.transaction((tx) =>
        tx.get("INSERT INTO notes (text) VALUES ('next') RETURNING id"),
      );
      return [...rows, made];
    };
    const [first, there, back] = [await all(file('first')), await all(far), await all(file('back'))];
    assert.deepEqual(there, first);
    assert.deepEqual(back, first);
  });

  it('goes into no database that has rows', async () => {
    const place = placeAt(server.url(await server.createDatabase()));
    {
      await using database = await openDatabase({ place, migrations });
      await database.run("INSERT INTO notes (text) VALUES ('mine')");
    }
    const copying = copyTables({ from: place, to: place, migrations, tables: ['answers', 'notes'] });
    await assert.rejects(copying, (error) => isHoldfastError(error, 'database_refused'));
  });
});

describe('the schema of the authority in PostgreSQL', () => {
  it('has the tables and columns of the one in a file, and each is copied', async () => {
    using directory = temporaryDirectory();
    const columns = async (place: DatabaseLocation, sql: string): Promise<unknown> => {
      await using database = await openDatabase({ place, migrations: authorityMigrations });
      return await database.all(sql);
    };
    const inFile = await columns(
      { kind: 'sqlite', path: join(directory.path, 'authority.db') },
      `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t, pragma_table_info(t.name) c
        WHERE t.type = 'table' ORDER BY 1, 2`,
    );
    const there = (await columns(
      placeAt(server.url(await server.createDatabase())),
      `SELECT table_name::text COLLATE "C" AS "table", column_name::text COLLATE "C" AS "column"
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'last_commit' ORDER BY 1, 2`,
    )) as { table: string }[];
    assert.deepEqual(there, inFile);
    const named = new Set(there.map(({ table }) => table));
    assert.deepEqual([...tables, 'migrations'].toSorted(), [...named].toSorted());
  });

  it('lets nothing come twice that must not, whoever asks', async () => {
    await using database = await openDatabase({
      place: placeAt(server.url(await server.createDatabase())),
      migrations: authorityMigrations,
    });
    await fill(database);
    const again: readonly [sql: string, said: RegExp][] = [
      [`INSERT INTO authority ${authorityRow}`, /authority_pkey/],
      [`INSERT INTO certificates ${certificateRow}`, /certificates_serial_key/],
      [`INSERT INTO crls VALUES ('issuing-1', 7, 0, 0, 0, '')`, /crls_number_key/],
      [`INSERT INTO log VALUES (1, '{}')`, /log_pkey/],
      [`UPDATE log SET record = ''`, /only grows/],
      ['DELETE FROM log', /only grows/],
      ['TRUNCATE log', /only grows/],
      ['UPDATE authority SET crl_number = crl_number - 1', /only grows/],
      ['UPDATE authority SET epoch = epoch - 1', /only grows/],
    ];
    for (const [sql, said] of again) await assert.rejects(database.run(sql), said);
  });
});

const authorityRow = `(id, network, status_address, recovery_recipient, epoch, crl_number, created_at)
  VALUES (1, 'n', 's', 'r', 2, 7, 0)`;
const certificateRow = `(serial, identity, issuer, public_key, not_after, issued_at, certificate)
  VALUES ('7f', 1, 'root-1', '', 0, 0, '')`;

async function fill(database: Database): Promise<void> {
  await database.run(`INSERT INTO authority ${authorityRow}`);
  for (const [index, label] of ['root-1', 'issuing-1'].entries())
    await database.run(
      'INSERT INTO issuers (label, kind, generation, public_key, certificate) VALUES (?, ?, 1, ?, ?)',
      label,
      label.split('-')[0] ?? '',
      Uint8Array.of(index),
      new Uint8Array(),
    );
  await database.run("INSERT INTO identities (role, name, created_at) VALUES ('client', 'a', 0)");
  await database.run(`INSERT INTO certificates ${certificateRow}`);
  await database.run("INSERT INTO crls VALUES ('root-1', 7, 0, 0, 0, '')");
  await database.run("INSERT INTO log VALUES (1, '{}')");
}
