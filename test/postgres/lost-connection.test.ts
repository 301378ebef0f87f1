import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { isHoldfastError } from '../../src/base/index.ts';
import type { Database } from '../../src/db/index.ts';
import { CommitLine } from '../rig/commit-line.ts';
import { PostgresServer } from '../rig/postgres.ts';
import { openAt } from '../rig/postgres-place.ts';

let server: PostgresServer;

before(async () => {
  server = await PostgresServer.start();
});
after(() => server[Symbol.asyncDispose]());

async function newDatabase(t: TestContext): Promise<string> {
  const name = await server.createDatabase();
  t.after(() => server.query(`DROP DATABASE ${name} WITH (FORCE)`));
  return name;
}

/** Ends every connection to a database, as an administrator would. */
async function endConnections(name: string): Promise<void> {
  await server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
}

function add(database: Database, text: string): Promise<unknown> {
  return database.run('INSERT INTO notes (text) VALUES (?)', text);
}

async function texts(database: Database): Promise<string[]> {
  return (await database.all<{ text: string }>('SELECT text FROM notes ORDER BY id')).map(({ text }) => text);
}

describe('a lost connection to PostgreSQL', () => {
  it('is made again by the next call, whatever it asks', async (t) => {
    const name = await newDatabase(t);
    await using database = await openAt(server.url(name));
    await add(database, 'a');
    for (const text of ['b', 'c']) {
      await Promise.all([texts(database), database.committed.get('SELECT 1')]);
      await endConnections(name);
      const [, seen, one] = await Promise.all([
        add(database, text),
        texts(database),
        database.committed.get('SELECT 1 AS one'),
      ]);
      assert.ok(seen.includes(text));
      assert.deepEqual(one, { one: 1 });
    }
  });

  it('fails the transactions that are under way, which leave nothing, and no later one', async (t) => {
    const name = await newDatabase(t);
    await using database = await openAt(server.url(name));
    const outcomes = await Promise.allSettled([
      add(database, 'before'),
      database.transaction(async (tx) => {
        await tx.run("INSERT INTO notes (text) VALUES ('lost')");
        await endConnections(name);
        await tx.run("INSERT INTO notes (text) VALUES ('lost too')");
      }),
    ]);
    for (const outcome of outcomes) {
      const { reason } = outcome as PromiseRejectedResult;
      assert.ok(isHoldfastError(reason, 'database_unreachable'));
      assert.match(reason.message, /nothing was recorded/);
      assert.ok(!reason.message.includes(server.password));
    }
    await add(database, 'after');
    assert.deepEqual(await texts(database), ['after']);
  });

  it('in the middle of a commit is no failure when the commit is on record', async (t) => {
    const name = await newDatabase(t);
    await using line = await CommitLine.to(server.port);
    await using database = await openAt(server.url(name).replace(`:${server.port}/`, `:${line.port}/`));
    let heard = 0;
    database.onDurable(async () => {
      heard += 1;
    });
    line.loseNext('after');
    await add(database, 'kept');
    assert.equal(heard, 1);
    assert.deepEqual(await texts(database), ['kept']);
  });

  it('in the middle of a commit is told as such when nothing is on record', async (t) => {
    const name = await newDatabase(t);
    await using line = await CommitLine.to(server.port);
    await using database = await openAt(server.url(name).replace(`:${server.port}/`, `:${line.port}/`));
    line.loseNext('before');
    await assert.rejects(add(database, 'lost'), (error) => {
      assert.ok(isHoldfastError(error, 'database_unreachable'));
      assert.match(error.message, /nothing was recorded/);
      return true;
    });
    await add(database, 'lost');
    assert.deepEqual(await texts(database), ['lost']);
  });

  it('in the middle of a commit is told as doubtful when nobody can say what became of it', async () => {
    await using own = await PostgresServer.start();
    await using line = await CommitLine.to(own.port);
    await using database = await openAt(own.url().replace(`:${own.port}/`, `:${line.port}/`));
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
    database.onDurable(async () => hear());
    line.loseNext('after', () => own.stop('immediate'));
    await assert.rejects(add(database, 'kept'), (error) => {
      assert.ok(isHoldfastError(error, 'database_unreachable'));
      assert.match(error.message, /may or may not be on record/);
      return true;
    });
    await own.startAgain();
    // Nobody asks anything meanwhile.
    await heard;
    assert.deepEqual(await texts(database), ['kept']);
    await add(database, 'next');
  });

  it('loses nothing that was acknowledged, and keeps nothing that was told as lost', async () => {
    await using own = await PostgresServer.start();
    await using database = await openAt(own.url());
    const kept: string[] = [];
    const lost: string[] = [];
    const over = new AbortController();
    const adding = Array.from({ length: 8 }, async (_, adder) => {
      for (let i = 0; !over.signal.aborted; i++) {
        const text = `${adder}/${i}`;
        await add(database, text).then(
          () => kept.push(text),
          (error: unknown) => {
            assert.ok(isHoldfastError(error, 'database_unreachable'), String(error));
            if (error.message.includes('nothing was recorded')) lost.push(text);
          },
        );
      }
    });
    for (const how of ['fast', 'immediate', 'fast', 'immediate'] as const) {
      const enough = kept.length + 40;
      while (kept.length < enough) await add(database, `turn ${kept.length} ${how}`).catch(() => undefined);
      await own.stop(how);
      await own.startAgain();
    }
    over.abort();
    await Promise.all(adding);
    const found = new Set(await texts(database));
    assert.deepEqual(
      kept.filter((text) => !found.has(text)),
      [],
    );
    assert.deepEqual(
      lost.filter((text) => found.has(text)),
      [],
    );
  });

  it('fails after some seconds in which nobody answers, and works again afterwards', async () => {
    await using own = await PostgresServer.start();
    await using database = await openAt(own.url());
    await own.stop();
    const asked = [add(database, 'a'), texts(database), database.committed.get('SELECT 1')];
    for (const outcome of await Promise.allSettled<unknown>(asked)) {
      const { reason } = outcome as PromiseRejectedResult;
      assert.ok(isHoldfastError(reason, 'database_unreachable'));
    }
    await own.startAgain();
    await add(database, 'b');
    assert.deepEqual(await texts(database), ['b']);
  });

  it('of a line that nobody tells the server of does not lock its own server out', async (t) => {
    const name = await newDatabase(t);
    await using line = await CommitLine.to(server.port);
    await using database = await openAt(server.url(name).replace(`:${server.port}/`, `:${line.port}/`));
    line.loseNext('after');
    line.keepFarEnds();
    await add(database, 'kept');
    await add(database, 'next');
    assert.deepEqual(await texts(database), ['kept', 'next']);
  });

  it('of a server that was killed frees the database for the next one', async (t) => {
    const url = server.url(await newDatabase(t));
    const program = `
      import { openAt } from ${JSON.stringify(new URL('../rig/postgres-place.ts', import.meta.url).href)};
      await openAt(process.argv[1]);
      process.stdout.write('open');
      setInterval(() => undefined, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', program, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await assert.rejects(openAt(url), (error) => {
      assert.ok(isHoldfastError(error, 'database_in_use'));
      assert.match(error.message, new RegExp(`/${holder.pid} `));
      return true;
    });
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    await (await openAt(url)).close();
  });
});
