import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { guidePage } from '../rig/guide-page.ts';
import { launcher, runProgram } from '../rig/holdfast-process.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

test('a set saves what pg_dump writes before it, as the guide has it, and fails when that does', async () => {
  await using server = await PostgresServer.start('debian');
  using place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  const env = {
    HOME: place.path,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: 'postgres',
    PGPASSWORD: server.password,
  };
  const psql = (database: string, ...words: string[]): string =>
    execFileSync('psql', ['--no-psqlrc', '--tuples-only', database, ...words], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    });
  psql('postgres', '--command', 'CREATE DATABASE shop');
  psql('shop', '--command', 'CREATE TABLE sold AS SELECT generate_series(1, 1000) AS what');
  mkdirSync(at('dumps'));
  const script = guidePage('schedules').find(({ text }) => text.includes('pg_dump'))?.text ?? '';
  writeFileSync(at('dump'), script.replaceAll('/var/backups', at('dumps')));
  chmodSync(at('dump'), 0o700);
  writeFileSync(at('password'), 'of the repository\n');
  const own = ['--home', at('home')];
  const repo = ['--repo', at('repo')];
  const run = (words: readonly string[], expected = 0) =>
    runProgram(launcher, [...words, ...own], { env, expected });
  await run(['backup', at('password'), ...repo, '--init', '--password-file', at('password')]);
  await run(['set', 'add', 'shop', at('dumps'), '--every', 'daily 02:30', '--before', at('dump'), ...repo]);
  await run(['set', 'run', 'shop']);
  await run(['restore', 'latest', '--path', at('dumps'), '--target', at('back'), ...repo]);
  psql('postgres', '--command', 'DROP DATABASE shop', '--command', 'CREATE DATABASE shop');
  const dump = join(at('back'), at('dumps/shop.dump'));
  execFileSync('pg_restore', ['--dbname', 'shop', dump], { env: { ...process.env, ...env } });
  assert.equal(psql('shop', '--command', 'SELECT sum(what) FROM sold').trim(), '500500');
  psql('postgres', '--command', 'DROP DATABASE shop');
  const { stderr } = await run(['set', 'run', 'shop'], 1);
  assert.match(
    stderr,
    /the hook .*dump, before the backup, came to exit code 1: .*"shop" does not exist \[hook_failed\]/,
  );
});
