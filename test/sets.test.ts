import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, runProgram, startHoldfast } from './rig/holdfast-process.ts';
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
/** Runs a command that nothing is read of, in this process. */
const here = (words: readonly string[]) => runHere([...words, ...own()], { HOME: place.path });

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly running: boolean;
  readonly paths: readonly string[];
  readonly tag: readonly string[];
  readonly attempts: readonly {
    readonly result: string;
    readonly code?: string;
    readonly snapshot?: string;
  }[];
}

before(async () => {
  place = temporaryDirectory();
  mkdirSync(at('data/cache'), { recursive: true });
  for (const name of ['a.txt', 'b.tmp', 'c.log', 'cache/x']) writeFileSync(at('data', name), name);
  writeFileSync(at('data/cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
  writeFileSync(at('password'), 'of the repository\n');
  writeFileSync(at('skip'), '*.log\n');
  await run(['backup', at('data/a.txt'), ...repo(), '--init', '--password-file', at('password')]);
});
after(() => place[Symbol.dispose]());

describe('a backup set', () => {
  it('is added with all that is said of it, and run as it says', async () => {
    const when = ['--every', 'daily 02:30', '--zone', 'Europe/Berlin', '--spread', '0'];
    const what = [
      '--exclude',
      '*.tmp',
      '--exclude-file',
      at('skip'),
      '--no-exclude-caches',
      '--tag',
      'office',
    ];
    const where = [...repo(), '--password-file', at('password')];
    const words = ['set', 'add', 'documents', at('data'), at('later'), ...when, ...what, ...where];
    const { stdout } = await run(words);
    assert.match(stdout, /set +documents +every daily 02:30/);
    const shown = await json<Shown & Record<string, unknown>>(['set', 'show', 'documents']);
    const { id, added: _, since: __, next, attempts, ...said } = shown;
    assert.match(String(next), /T0[01]:30:00\.000Z$/);
    assert.deepEqual(attempts, []);
    assert.deepEqual(said, {
      name: 'documents',
      state: 'never',
      running: false,
      paths: [at('data'), at('later')],
      every: 'daily 02:30',
      zone: 'Europe/Berlin',
      spread: '0',
      exclude: ['*.tmp'],
      excludeFile: [at('skip')],
      excludeCaches: false,
      tag: [`set:${id}`, 'office'],
      repo: at('repo'),
      passwordFile: at('password'),
      hookLimit: '1h',
      live: false,
      onMains: false,
      unmetered: false,
    });
    // One of its folders is not there yet.
    const { snapshot } = await json<{ snapshot: string }>(['set', 'run', 'documents'], 3);
    const { stdout: files } = await run(['ls', snapshot, ...repo()]);
    assert.match(files, /data\/a\.txt/);
    assert.match(files, /cache\/x/);
    assert.doesNotMatch(files, /b\.tmp|c\.log/);
    const [listed] = await json<Shown[]>(['set', 'list']);
    assert.equal(listed?.state, 'partial');
    const tagged = execFileSync(
      'restic',
      ['--repo', at('repo'), '--password-file', at('password'), 'snapshots', '--tag', `set:${id}`, '--json'],
      { encoding: 'utf8' },
    );
    assert.deepEqual(
      (JSON.parse(tagged) as { id: string }[]).map((each) => each.id),
      [snapshot],
    );
  });

  it('sends no faster than it may at that hour', async () => {
    writeFileSync(at('random'), randomBytes(300_000));
    const rate = '00:00-12:00=200,12:00-00:00=200';
    const where = [...repo(), '--password-file', at('password')];
    await here([
      'set',
      'add',
      'slow',
      at('random'),
      '--every',
      '1d',
      '--limit-upload',
      rate,
      '--limit-download',
      '90000',
      ...where,
    ]);
    const shown = await json<Shown & { readonly limitUpload: string }>(['set', 'show', 'slow']);
    assert.equal(shown.limitUpload, rate);
    const from = performance.now();
    await run(['set', 'run', 'slow']);
    assert.ok(performance.now() - from > 1400);
    await run(['set', 'add', 'wrong', at('random'), '--every', '1d', '--limit-upload', '9-17=5'], 2);
    await here(['set', 'remove', 'slow']);
  });

  it('keeps its history and its snapshots when it is renamed or replaced, and leaves its snapshots when it goes', async () => {
    const { id } = await json<Shown>(['set', 'show', 'documents']);
    await json(['set', 'rename', 'documents', 'papers']);
    await json(['set', 'add', 'papers', at('data'), '--every', '6h', '--replace', ...repo()]);
    const { snapshot } = await json<{ snapshot: string }>(['set', 'run', 'papers']);
    const shown = await json<Shown>(['set', 'show', 'papers']);
    assert.equal(shown.id, id);
    assert.deepEqual(
      [shown.state, shown.attempts.map(({ result }) => result), shown.attempts[0]?.snapshot],
      ['ok', ['ok', 'partial'], snapshot],
    );
    const { stderr } = await run(['set', 'remove', 'papers']);
    assert.ok(stderr.includes(`set:${id}`));
    assert.deepEqual(await json(['set', 'list']), []);
    await run(['ls', snapshot, ...repo()]);
  });

  it('that failed says why, and so do list and show', async () => {
    mkdirSync(at('nowhere'));
    await json(['set', 'add', 'gone', at('nowhere'), '--every', '6h', ...repo()]);
    rmdirSync(at('nowhere'));
    assert.equal((await here(['set', 'run', 'gone'])).error?.code, 'path_not_found');
    const { state, attempts } = await json<Shown>(['set', 'show', 'gone']);
    assert.deepEqual([state, attempts[0]?.result, attempts[0]?.code], ['failed', 'failed', 'path_not_found']);
    assert.match(
      (await run(['set', 'show', 'gone'])).stdout,
      /failed.*nowhere does not exist \[path_not_found\]/,
    );
    await json(['set', 'remove', 'gone']);
  });

  it('runs once at a time, and a run that was killed holds nobody up', async () => {
    writeFileSync(at('patterns'), '*.tmp\n');
    const words = ['--every', '6h', '--exclude-file', at('patterns'), ...repo()];
    await json(['set', 'add', 'slow', at('data'), ...words]);
    rmSync(at('patterns'));
    execFileSync('mkfifo', [at('patterns')]);
    {
      await using first = startHoldfast(['set', 'run', 'slow', ...own()]);
      // It reads its patterns from a pipe that nobody writes into.
      while (!(await json<Shown[]>(['set', 'list'])).some(({ running }) => running)) assert.ok(first);
      const { error } = await here(['set', 'run', 'slow']);
      assert.equal(error?.code, 'set_running');
      assert.match(error.message, /^process \d+ runs the set slow since 2/);
      await first.stop('SIGKILL');
    }
    const { state, attempts } = await json<Shown>(['set', 'show', 'slow']);
    assert.deepEqual([state, attempts[0]?.result], ['failed', 'cut off']);
    rmSync(at('patterns'));
    writeFileSync(at('patterns'), '*.tmp\n');
    await json(['set', 'run', 'slow']);
    assert.equal((await json<Shown[]>(['set', 'list']))[0]?.state, 'ok');
    await json(['set', 'remove', 'slow']);
  });
});

describe('what is no backup set is refused by name and changes nothing', () => {
  const refusals: readonly (readonly [string, RegExp, () => readonly string[]])[] = [
    ['set_invalid', /is the home/, () => ['x', at('home')]],
    ['set_invalid', /is the home, or in it/, () => ['x', at('data'), at('home/node')]],
    ['set_invalid', /"Ä" cannot be the name/, () => ['Ä', at('data')]],
    ['schedule_invalid', /"often": expected 6h/, () => ['x', at('data'), '--every', 'often']],
    [
      'schedule_invalid',
      /no time zone "Nowhere"/,
      () => ['x', at('data'), '--every', 'daily 1:00', '--zone', 'Nowhere'],
    ],
    ['schedule_never', /"0 0 30 2 \*"/, () => ['x', at('data'), '--every', '0 0 30 2 *']],
    ['set_exists', /backup set one already, of \//, () => ['one', at('data')]],
    ['set_unknown', /no backup set "two": it has one/, () => ['two', at('data'), '--replace']],
    ['path_not_found', /missing does not exist/, () => ['x', at('missing')]],
    ['repository_missing', /no repository/i, () => ['x', at('data'), '--repo', at('data')]],
    ['usage', /1d at most/, () => ['x', at('data'), '--spread', '2d']],
    ['usage', /place of another kind/, () => ['x', at('data'), '--repo', 'b2:x']],
  ];

  it('when it is added', async () => {
    await json(['set', 'add', 'one', at('data'), '--every', '6h', ...repo()]);
    const kept = readFileSync(at('home/node/sets.json'), 'utf8');
    for (const [code, message, words] of refusals) {
      const said = words();
      const more = [
        ...(said.includes('--every') ? [] : ['--every', '6h']),
        ...(said.includes('--repo') ? [] : repo()),
      ];
      const { error } = await here(['set', 'add', ...said, ...more]);
      assert.equal(error?.code, code, said.join(' '));
      assert.match(error.message, message);
    }
    assert.equal(
      (await here(['set', 'add', 'x', at('data'), '--every', '6h'])).error?.code,
      'node_not_joined',
    );
    assert.equal(readFileSync(at('home/node/sets.json'), 'utf8'), kept);
  });

  it('when it is looked at, run, renamed or removed', async () => {
    for (const word of ['show', 'run', 'remove'])
      assert.equal((await here(['set', word, 'two'])).error?.code, 'set_unknown');
    assert.equal((await here(['set', 'rename', 'two', 'three'])).error?.code, 'set_unknown');
    assert.equal((await here(['set', 'rename', 'one', 'one'])).error?.code, 'set_exists');
    assert.equal((await here(['set', 'rename', 'one', '-'])).error?.code, 'set_invalid');
  });

  it('when its file is damaged, which no command writes over', async () => {
    const [kept, damaged] = [readFileSync(at('home/node/sets.json'), 'utf8'), '{"format":1,"sets":[{}]}'];
    writeFileSync(at('home/node/sets.json'), damaged);
    for (const words of [['list'], ['run', 'one'], ['add', 'x', at('data'), '--every', '6h', ...repo()]])
      assert.equal((await here(['set', ...words])).error?.code, 'settings_invalid');
    assert.equal(readFileSync(at('home/node/sets.json'), 'utf8'), damaged);
    writeFileSync(at('home/node/sets.json'), kept);
  });
});
