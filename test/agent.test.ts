import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { guidePage } from './rig/guide-page.ts';
import {
  launcher,
  type ProgramResult,
  type RunningProgram,
  runProgram,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
const at = (...names: string[]): string => join(place.path, ...names);
const own = (): string[] => ['--home', at('home')];
const repo = (): string[] => ['--repo', at('repo')];
const run = (words: readonly string[], expected = 0): Promise<ProgramResult> =>
  runProgram(launcher, [...words, ...own()], { expected });
const json = async <T>(words: readonly string[], expected = 0): Promise<T> =>
  JSON.parse((await run([...words, '--json'], expected)).stdout) as T;
const here = (words: readonly string[]) => runHere([...words, ...own()], { HOME: place.path });
const startAgent = (): RunningProgram => startHoldfast(['agent', ...own()]);

/** A set that is due at once, with what else is said of it. */
const add = async (name: string, ...more: string[]): Promise<void> => {
  const words = ['set', 'add', name, at('data'), '--every', '6h', '--spread', '0', ...repo(), ...more];
  assert.equal((await here(words)).error, undefined);
};

function script(name: string, text: string): string {
  writeFileSync(at(name), `#!/bin/sh\n${text}\n`);
  chmodSync(at(name), 0o700);
  return at(name);
}

/** Whether the process has ended whose id is in a file; what nobody waits for has no words any more (proc(5)). */
function hasEnded(file: string): boolean {
  const words = join('/proc', readFileSync(file, 'utf8').trim(), 'cmdline');
  return !existsSync(words) || readFileSync(words, 'utf8') === '';
}

interface Shown {
  readonly state: string;
  readonly attempts: readonly {
    readonly result: string;
    readonly code?: string;
    readonly message?: string;
    readonly snapshot?: string;
    readonly forgot?: { readonly removed: number; readonly freed?: number };
    readonly hooks: readonly { readonly when: string; readonly ended: string; readonly output: string }[];
  }[];
}
const show = (name: string): Promise<Shown> => json<Shown>(['set', 'show', name]);

before(async () => {
  place = temporaryDirectory();
  mkdirSync(at('data'));
  writeFileSync(at('data/a.txt'), 'a');
  writeFileSync(at('password'), 'of the repository\n');
  await run(['backup', at('data'), ...repo(), '--init', '--password-file', at('password')]);
});
after(() => place[Symbol.dispose]());

describe('holdfast agent', () => {
  it('runs a set that is due, at once and when it is told of it, and is the only one in its home', async () => {
    await add('first');
    await using agent = startAgent();
    await agent.waitFor(/"a set has ended"/);
    await add('second');
    process.kill(agent.pid, 'SIGHUP');
    await agent.waitFor(/"second"[^]*"a set has ended"/);
    for (const name of ['first', 'second'])
      assert.deepEqual(
        (await show(name)).attempts.map(({ result }) => result),
        ['ok'],
      );
    const { error } = await here(['agent']);
    assert.equal(error?.code, 'agent_running');
    assert.match(error.message, /^process \d+ is the agent here since 2/);
    const { code, stderr } = await agent.stop();
    assert.equal(code, 0, stderr);
    assert.ok(!existsSync(at('home/node/agent.json')));
  });

  it('ends what it runs when it is told to end, and what a killed one left is done again', async () => {
    const slow = script('slow', `echo $$ > ${at('slow.pid')}; exec sleep 600`);
    await add('slow', '--before', slow);
    {
      await using agent = startAgent();
      await agent.waitFor(/"a set begins"/);
      while (!existsSync(at('slow.pid'))) await new Promise((done) => setTimeout(done, 20));
      await agent.stop();
    }
    const [attempt] = (await show('slow')).attempts;
    assert.deepEqual([attempt?.result, attempt?.code], ['failed', 'interrupted']);
    assert.ok(hasEnded(at('slow.pid')));
    await here(['set', 'remove', 'slow']);
    const killed = startAgent();
    await killed.waitFor(/agent/);
    await killed.stop('SIGKILL');
    await using agent = startAgent();
    await agent.waitFor(/agent/);
    await agent.stop();
  });
});

describe('programs around a set', () => {
  it('run before and after it, know what came of it, and what they wrote is kept', async () => {
    const before_ = script('dump', `echo dumped; echo "$HOLDFAST_SET $HOLDFAST_HOOK" > ${at('data/dump')}`);
    const tidy = script('tidy', `echo "$HOLDFAST_RESULT $HOLDFAST_SNAPSHOT" > ${at('told')}`);
    await add('hooked', '--before', before_, '--after', tidy);
    const { snapshot } = await json<{ snapshot: string }>(['set', 'run', 'hooked']);
    assert.equal(readFileSync(at('told'), 'utf8'), `ok ${snapshot}\n`);
    const { stdout } = await run(['ls', snapshot, ...repo()]);
    assert.ok(stdout.includes(at('data/dump')));
    assert.equal(readFileSync(at('data/dump'), 'utf8'), 'hooked before\n');
    const [attempt] = (await show('hooked')).attempts;
    assert.deepEqual(attempt?.hooks, [
      { when: 'before', file: before_, ended: 'exit code 0', output: 'dumped\n' },
      { when: 'after', file: tidy, ended: 'exit code 0', output: '' },
    ]);
  });

  it('fail it when they fail: nothing is saved after the first, and what was saved before the last is', async () => {
    const failing = script('failing', 'echo no database >&2; exit 3');
    const tidy = script('tidy', `echo "$HOLDFAST_RESULT $HOLDFAST_ERROR" > ${at('told')}`);
    await add('before', '--before', failing, '--after', tidy);
    assert.equal((await here(['set', 'run', 'before'])).error?.code, 'hook_failed');
    const [first] = (await show('before')).attempts;
    assert.deepEqual([first?.snapshot, first?.hooks[0]?.output], [undefined, 'no database\n']);
    assert.match(first?.message ?? '', /failing, before the backup, came to exit code 3: no database$/);
    assert.equal(readFileSync(at('told'), 'utf8'), 'failed hook_failed\n');
    await add('after', '--after', failing);
    assert.equal((await here(['set', 'run', 'after'])).error?.code, 'hook_failed');
    const shown = await show('after');
    assert.equal(shown.state, 'failed');
    assert.match(shown.attempts[0]?.snapshot ?? '', /^[0-9a-f]{64}$/);
  });

  it('are ended when their time is over, with all that they have started, and write as much as they like', async () => {
    const hanging = script(
      'hanging',
      `sleep 600 & echo $! > ${at('child.pid')}; yes | head -c 3000000; wait`,
    );
    await add('hanging', '--before', hanging, '--hook-limit', '1s');
    assert.equal((await here(['set', 'run', 'hanging'])).error?.code, 'hook_failed');
    const [attempt] = (await show('hanging')).attempts;
    const hook = attempt?.hooks[0];
    assert.deepEqual([hook?.ended, hook?.output.length], ['no end within 1 second', 4096]);
    assert.ok(hasEnded(at('child.pid')));
  });

  it('save an SQLite database as the guide has it, whole while somebody writes into it', async () => {
    using database = new DatabaseSync(at('shop.db'));
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE sold (what TEXT); INSERT INTO sold VALUES (1)');
    database.exec('BEGIN; INSERT INTO sold VALUES (2)');
    const block = guidePage('schedules').find(({ text }) => text.includes('sqlite3'));
    const text = block?.text.replaceAll('/srv/shop', at('')).replaceAll('/var/backups', at('data')) ?? '';
    await add('shop', '--before', script('backup-shop', text));
    const { snapshot } = await json<{ snapshot: string }>(['set', 'run', 'shop']);
    await run(['restore', snapshot, '--target', at('restored'), ...repo()]);
    using saved = new DatabaseSync(join(at('restored'), at('data/shop.db')));
    assert.equal(saved.prepare('SELECT count(*) AS rows FROM sold').get()?.['rows'], 1);
    await here(['set', 'remove', 'shop']);
  });

  it('are not run when others could write them, nor is a set with them added', async () => {
    const open = script('open', 'true');
    await add('open', '--before', open);
    for (const [path, mode] of [
      [open, 0o722],
      [at(''), 0o777],
    ] as const) {
      chmodSync(path, mode);
      const { error } = await here(['set', 'run', 'open']);
      assert.equal(error?.code, 'hook_unsafe');
      assert.match(error.message, /open could be changed by others: .* has mode 7[27][27]$/);
      const words = ['set', 'add', 'x', at('data'), '--every', '6h', ...repo(), '--after', open];
      assert.equal((await here(words)).error?.code, 'hook_unsafe');
      chmodSync(path, 0o700);
    }
    assert.equal((await here(['set', 'run', 'open'])).error, undefined);
  });
});

describe('the rule of a set', () => {
  it('lets go what it does not keep, of the snapshots of that set alone', async () => {
    await add('kept', '--keep', 'last=2');
    await add('other');
    const snapshots = async (): Promise<number> => (await json<unknown[]>(['snapshots', ...repo()])).length;
    await json(['set', 'run', 'other']);
    const before_ = await snapshots();
    for (let round = 0; round < 3; round++) {
      writeFileSync(at('data/passing'), randomBytes(100_000));
      await here(['set', 'run', 'kept']);
    }
    assert.equal(await snapshots(), before_ + 2);
    const [newest] = (await show('kept')).attempts;
    assert.equal(newest?.forgot?.removed, 1);
    assert.ok((newest.forgot.freed ?? 0) > 0, 'its space is free');
    for (const name of ['kept', 'other']) await here(['set', 'remove', name]);
    const words = ['set', 'add', 'x', at('data'), '--every', '6h', ...repo(), '--keep', 'often=3'];
    assert.equal((await here(words)).error?.code, 'usage');
  });
});

describe('what a set waits for', () => {
  it('is said of it while it is due', async () => {
    const hour = new Date().getUTCHours();
    const text = (after: number): string => `${String((hour + after) % 24).padStart(2, '0')}:00`;
    await add('nightly', '--zone', 'UTC', '--on-mains', '--unmetered', '--between', `${text(3)}-${text(5)}`);
    const { stdout } = await run(['set', 'show', 'nightly']);
    assert.match(stdout, /begins +on mains +on a line that is not metered +between/);
    assert.match(stdout, /waits +it is not between .* \(UTC\)/);
    for (const between of ['22:00', '22:00-22:00', '25:00-6:00', '22:00-06:00x'])
      assert.equal(
        (await here(['set', 'add', 'x', at('data'), '--every', '6h', ...repo(), '--between', between])).error
          ?.code,
        'usage',
      );
    await here(['set', 'remove', 'nightly']);
  });
});

describe('holdfast status --check', () => {
  it('says on one line what of the sets needs attention, and ends with 4, or with 0 when nothing does', async () => {
    const bad = await run(['status', '--check'], 4);
    assert.match(bad.stdout, /^HOLDFAST ATTENTION - [^\n]*the set hanging is failed[^\n]*\n$/);
    assert.match(bad.stdout, /no agent runs here, and no set by itself: holdfast agent/);
    const { warnings, sets } = await json<{ warnings: string[]; sets: unknown[] }>(['status', '--check'], 4);
    assert.ok(
      warnings.some((each) =>
        /the set before is failed, .*came to exit code 3: no database \[hook_failed\]: holdfast set show before/.test(
          each,
        ),
      ),
    );
    assert.equal(sets.length, 7);
    for (const name of ['hanging', 'before', 'after', 'open']) await here(['set', 'remove', name]);
    await here(['backup', at('data'), ...repo()]);
    await using agent = startAgent();
    await agent.waitFor(/agent/);
    const good = await run(['status', '--check']);
    assert.equal(good.stdout, 'HOLDFAST OK - nothing needs attention, 3 backup sets\n');
    assert.match((await run(['status'])).stdout, /set +first +ok, .* next 2/);
    await agent.stop();
  });
});
