import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endingWithUs } from '../rig/ending-with-us.ts';
import { guidePage } from '../rig/guide-page.ts';
import { launcher } from '../rig/holdfast-process.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../rig/temporary-directory.ts';

/** What a command said, and how it ended. */
interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const skip = process.getuid?.() !== 0 && 'mounting file systems needs root';

describe('the hooks of the guide', { skip }, () => {
  const examples = guidePage('schedules').filter(
    ({ kind, text }) => kind === 'not run' && text.startsWith('#!/bin/sh'),
  );
  /** The example that calls a program. */
  const exampleOf = (program: string): string => {
    const found = examples.filter(({ text }) => text.includes(program));
    assert.equal(found.length, 1, program);
    return found[0]?.text ?? '';
  };

  let place: TemporaryDirectory;
  /** Holds folders of the system that nobody else sees. */
  let view: ChildProcess;
  const at = (...names: string[]): string => join(place.path, ...names);
  const home = () => ['--home', at('home')];

  /** Runs a command that sees those folders. */
  async function run(words: readonly string[], environment: Record<string, string> = {}): Promise<Said> {
    const inside = ['--target', String(view.pid), '--mount', ...words];
    const env = { ...process.env, ...environment };
    return await promisify(execFile)('nsenter', inside, { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Said) => ({ code, stdout, stderr }),
    );
  }

  /** The same of one that has to succeed. */
  async function succeed(
    words: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<string> {
    const said = await run(words, environment);
    assert.equal(said.code, 0, `${words.join(' ')}: ${said.stdout}${said.stderr}`);
    return said.stdout;
  }

  /** Adds a set with an example of the guide as its hook. */
  async function addSet(name: string, path: string, hooks: Readonly<Record<string, string>>): Promise<void> {
    const words = Object.entries(hooks).flatMap(([option, text]) => {
      const file = at(`${name}${option}`);
      writeFileSync(file, text, { mode: 0o700 });
      return [option, file];
    });
    const where = ['--repo', at('repo'), '--password-file', at('password')];
    await succeed([launcher, 'set', 'add', name, path, '--every', '1d', ...where, ...words, ...home()]);
  }

  /** Restores a file of the newest snapshot of a set, and gives where it is. */
  async function restored(file: string): Promise<string> {
    const target = mkdtempSync(at('restored-'));
    const where = ['--repo', at('repo'), '--password-file', at('password')];
    await succeed([
      launcher,
      'restore',
      'latest',
      '--path',
      file.slice(0, file.lastIndexOf('/')),
      '--target',
      target,
      ...where,
      ...home(),
    ]);
    return join(target, file);
  }

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('password'), 'of the repository\n');
    mkdirSync(at('empty'));
    const mounts = ['/srv', '/var/backups', '/run/mysqld'].map(
      (path) => `mkdir -p ${path} && mount -t tmpfs none ${path}`,
    );
    view = spawn(
      ...endingWithUs('unshare', [
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        `${mounts.join(' && ')} && echo mounted && exec sleep infinity`,
      ]),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    for await (const _ of view.stdout ?? []) break;
    const where = ['--repo', at('repo'), '--password-file', at('password')];
    await succeed([launcher, 'backup', at('empty'), '--init', ...where, ...home()]);
  });

  after(() => {
    view?.kill();
    place?.[Symbol.dispose]();
  });

  it('PostgreSQL is dumped, and its dump is whole; a dump that fails fails the set', async () => {
    await using server = await PostgresServer.start('debian');
    const toServer = {
      PATH: `${programsOf('postgres')}:${process.env['PATH']}`,
      PGHOST: server.directory,
      PGPORT: String(server.port),
      PGUSER: 'postgres',
      PGPASSWORD: server.password,
    };
    await server.query('CREATE DATABASE shop');
    await server.query(
      'CREATE TABLE orders AS SELECT i, md5(i::text) AS what FROM generate_series(1, 5000) i',
      'shop',
    );
    await addSet('postgres', '/var/backups', { '--before': exampleOf('pg_dump') });
    await succeed([launcher, 'set', 'run', 'postgres', ...home()], toServer);
    const dump = await restored('/var/backups/shop.dump');
    await server.query('CREATE DATABASE again');
    await succeed(['pg_restore', '--dbname=again', dump], toServer);
    const sum =
      "SELECT md5(string_agg(i || what, ',' ORDER BY i)) AS sum, count(*)::int AS count FROM orders";
    assert.deepEqual(await server.query(sum, 'again'), await server.query(sum, 'shop'));

    const streamed = [
      '--stdin-from-command',
      '--stdin-filename',
      'shop.sql',
      '--repo',
      at('repo'),
      '--password-file',
      at('password'),
    ];
    const saved = JSON.parse(
      await succeed(
        [launcher, 'backup', ...streamed, '--json', ...home(), '--', 'pg_dump', 'shop'],
        toServer,
      ),
    );
    assert.ok(saved.snapshot, JSON.stringify(saved));
    await server.query('DROP DATABASE shop WITH (FORCE)');
    const failed = await run([launcher, 'set', 'run', 'postgres', '--json', ...home()], toServer);
    assert.match(failed.stderr, /"hook_failed"/);
    assert.match(failed.stderr, /database \\?"?\\*"shop\\*" does not exist/);
    const lost = await run(
      [launcher, 'backup', ...streamed, '--json', ...home(), '--', 'pg_dump', 'shop'],
      toServer,
    );
    assert.notEqual(lost.code, 0);
    const where = ['--repo', at('repo'), '--password-file', at('password')];
    const snapshots = JSON.parse(await succeed([launcher, 'snapshots', '--json', ...where, ...home()]));
    assert.equal(snapshots.length, 3, 'nothing was saved of what failed');
  });

  it('MariaDB is dumped while it is written to, at one moment', async () => {
    const data = at('mariadb');
    execFileSync(
      'mariadb-install-db',
      ['--no-defaults', '--user=root', `--datadir=${data}`, '--skip-test-db'],
      { stdio: 'pipe' },
    );
    const words = [
      '--no-defaults',
      '--user=root',
      `--datadir=${data}`,
      '--skip-networking',
      '--innodb-flush-log-at-trx-commit=0',
      '--socket=/run/mysqld/mysqld.sock',
    ];
    const server = spawn(
      ...endingWithUs('nsenter', ['--target', String(view.pid), '--mount', 'mariadbd', ...words]),
      { stdio: 'ignore' },
    );
    try {
      for (const until = performance.now() + patienceMs; performance.now() < until; await setTimeout(200))
        if ((await run(['mariadb-admin', 'ping'])).code === 0) break;
      const say = async (sql: string, database = ''): Promise<string> =>
        await succeed([
          'mariadb',
          '--batch',
          '--skip-column-names',
          '--execute',
          sql,
          ...(database ? [database] : []),
        ]);
      await say('CREATE DATABASE shop');
      await say('CREATE TABLE a (n INT) ENGINE=InnoDB; CREATE TABLE b (n INT) ENGINE=InnoDB', 'shop');
      // Both tables have as many rows at each moment.
      const both = 'START TRANSACTION; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); COMMIT;';
      writeFileSync(at('changes.sql'), both.repeat(3000));
      const writer = say(`source ${at('changes.sql')}`, 'shop');
      await addSet('mariadb', '/var/backups', { '--before': exampleOf('mariadb-dump') });
      await succeed([launcher, 'set', 'run', 'mariadb', ...home()]);
      await writer;
      const dump = await restored('/var/backups/shop.sql');
      await say('DROP DATABASE shop');
      await say(`source ${dump}`);
      const [inA = '', inB] = (await say('SELECT (SELECT COUNT(*) FROM a), (SELECT COUNT(*) FROM b)', 'shop'))
        .trim()
        .split('\t');
      assert.equal(inA, inB);
      assert.ok(Number(inA) <= 3000);
    } finally {
      server.kill();
    }
  });

  it('SQLite is copied in the middle of a change, without it, or when it is over', async () => {
    await succeed(['mkdir', '-p', '/srv/shop']);
    const database = ['sqlite3', '/srv/shop/shop.db'];
    await succeed([...database, 'CREATE TABLE orders (n); INSERT INTO orders VALUES (1)']);
    await addSet('sqlite', '/var/backups', { '--before': exampleOf('sqlite3') });
    // What does not fit into its cache has to be written, and holds readers off.
    for (const [cache, rows] of [
      ['100000', 1],
      ['1', 50_000],
    ] as const) {
      const [program, words] = endingWithUs('nsenter', [
        '--target',
        String(view.pid),
        '--mount',
        ...database,
      ]);
      const writer = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
      writer.stdin.write(`PRAGMA cache_size = ${cache}; BEGIN;
        INSERT INTO orders SELECT value FROM generate_series(2, 50000); SELECT 'written';\n`);
      await once(writer.stdout, 'data');
      const running = succeed([launcher, 'set', 'run', 'sqlite', ...home()]);
      if (rows > 1) await setTimeout(heldMs);
      else await running;
      writer.stdin.end('COMMIT;\n');
      await Promise.all([running, once(writer, 'exit')]);
      const copy = await restored('/var/backups/shop.db');
      const asked = await succeed(['sqlite3', copy, 'PRAGMA integrity_check; SELECT COUNT(*) FROM orders']);
      assert.equal(asked, `ok\n${rows}\n`);
      await succeed([...database, 'DELETE FROM orders WHERE n > 1']);
    }
  });

  it('a snapshot of btrfs is what is saved, and goes afterwards', async () => {
    const image = at('btrfs.img');
    execFileSync('truncate', ['--size=256M', image]);
    execFileSync('mkfs.btrfs', ['--quiet', image]);
    await succeed(['mount', '-o', 'loop', image, '/srv']);
    await succeed(['sh', '-c', 'echo before > /srv/file; chmod 755 /srv']);
    // What changes once the snapshot is there is not in it.
    const before = `${exampleOf('btrfs')}echo after > /srv/file\n`;
    await addSet('btrfs', '/srv/.backup', {
      '--before': before,
      '--after': '#!/bin/sh -e\nbtrfs subvolume delete /srv/.backup\n',
    });
    for (const saved of ['before\n', 'after\n']) {
      await succeed([launcher, 'set', 'run', 'btrfs', ...home()]);
      assert.equal(await succeed(['cat', await restored('/srv/.backup/file')]), saved);
    }
    assert.notEqual((await run(['ls', '/srv/.backup'])).code, 0, 'the snapshot has gone');
    await succeed(['umount', '/srv']);
  });
});

/** A database that starts on a machine with other work. */
const patienceMs = 30_000;
/** A change that the copy has to wait for. */
const heldMs = 3000;

/** Where Debian's programs of a database are that PATH does not have. */
function programsOf(name: string): string {
  const [found] = globSync(`/usr/lib/postgresql/*/bin/${name}`).toSorted();
  return dirname(found ?? '');
}
