import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What of the result of a backup is looked at. */
interface Saved {
  readonly files: number;
  readonly withoutFiles: readonly { readonly path: string; readonly why: string }[];
}

describe('what somebody names', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const repository = (): string[] => [
    '--repo',
    at('repository'),
    '--password-file',
    at('password'),
    '--home',
    at('home'),
  ];
  const run = (...words: readonly string[]): Promise<ProgramResult> =>
    runHoldfast([...words, ...repository()], { cwd: place.path });
  const backUp = async (...words: readonly string[]): Promise<ProgramResult & Saved> => {
    const result = await run('backup', '--json', ...words);
    const saved = (result.stdout === '' ? {} : JSON.parse(result.stdout)) as Partial<Saved>;
    return { ...result, files: -1, withoutFiles: [], ...saved };
  };

  before(() => {
    place = temporaryDirectory();
    writeFileSync(at('password'), 'a password\n');
    mkdirSync(at('real/documents'), { recursive: true });
    writeFileSync(at('real/documents/a'), 'a');
    writeFileSync(at('real/documents/[b]*?.txt'), 'b');
    symlinkSync('real/documents', at('hop'));
    symlinkSync(at('hop'), at('documents'));
    mkdirSync(at('cache/inside'), { recursive: true });
    writeFileSync(at('cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
    writeFileSync(at('cache/inside/c'), 'c');
  });
  after(() => place[Symbol.dispose]());

  it('is followed where it is a link, and comes back as link and files', async () => {
    const { code, files, stderr } = await backUp('--init', 'documents');
    assert.deepEqual([code, files], [0, 2], stderr);
    assert.match(stderr, /documents leads to .*real\/documents, which is saved too/);
    assert.equal((await run('restore', 'latest', '--target', at('back'))).code, 0);
    const back = join(at('back'), place.path);
    assert.equal(readlinkSync(join(back, 'documents')), at('hop'));
    assert.equal(readlinkSync(join(back, 'hop')), 'real/documents');
    assert.equal(readFileSync(join(back, 'real/documents/a'), 'utf8'), 'a');
  });

  it('is saved as a link alone, with a warning, where it leads nowhere', async () => {
    symlinkSync('nowhere', at('dangling'));
    const { code, stderr } = await backUp('dangling');
    assert.equal(code, 0);
    assert.match(stderr, /dangling is a link to .*nowhere, which does not exist/);
  });

  it('is saved but for what is missing, which is exit code 3; when all is missing nothing is done', async () => {
    const { code, files, stderr } = await backUp('missing', 'real', 'real/documents/gone');
    assert.deepEqual([code, files], [3, 2], stderr);
    assert.match(stderr, /missing does not exist/);
    assert.match(stderr, /gone does not exist/);
    const words = ['backup', 'missing', 'gone', ...repository()];
    const refusal = { code: 'path_not_found', exit: 1, message: /missing.*gone/, cwd: place.path } as const;
    await assertRefused(words, { ...refusal, untouched: at('repository') });
  });

  it('is an error when patterns leave nothing of it, and a warning when they leave one of several out', async () => {
    const nothing = await run('backup', 'real', '--exclude', '*.txt', '--exclude', 'a', '--json');
    assert.deepEqual([nothing.code, errorIn(nothing).code], [1, 'nothing_saved']);
    assert.match(errorIn(nothing).message, /\*\.txt a leave out everything/);
    const some = await backUp('real', 'cache', '--exclude', 'cache');
    assert.deepEqual([some.code, some.files], [0, 2]);
    assert.match(some.stderr, /no file of \S*\/cache is saved: a pattern leaves it out, though it was named/);
    const { withoutFiles } = await backUp('real', 'cache', '--exclude', 'inside');
    assert.deepEqual(withoutFiles, []);
    const emptied = await backUp('real', 'cache', '--exclude', 'inside', '--exclude', '*.TAG');
    assert.deepEqual(emptied.withoutFiles, [{ path: at('cache'), why: 'emptied' }]);
    // A cache is left out where it is come across.
    assert.equal((await backUp('cache')).files, 2);
    const [without, all] = [await backUp('.'), await backUp('.', '--no-exclude-caches')];
    assert.equal(all.files - without.files, 1);
    mkdirSync(at('empty'));
    assert.match((await backUp('empty')).stderr, /no file of \S*\/empty is saved: there is none in it/);
  });

  it('is found by the name that ls shows, whatever is in it, and an error when nothing is called so', async () => {
    await backUp('real');
    const name = '[b]*?.txt';
    const { stdout } = await run('ls', 'latest');
    const path = stdout.split('\n').find((line) => line.endsWith(name)) ?? '';
    const restored = await run('restore', 'latest', '--target', at('one'), '--include', path);
    assert.deepEqual([restored.code, restored.signal], [0, null], restored.stderr);
    const found = execFileSync('find', [at('one'), '-type', 'f', '-printf', '%f\n'], { encoding: 'utf8' });
    assert.equal(found, `${name}\n`);
    for (const patterns of [['nobody'], ['!nobody'], ['a', '!a']]) {
      const words = ['restore', 'latest', '--target', at('none'), '--json'];
      const none = await run(...words, ...patterns.flatMap((pattern) => ['--include', pattern]));
      assert.deepEqual([none.code, errorIn(none).code], [1, 'path_not_found']);
      assert.equal(existsSync(at('none')), false, `no folder is left for ${patterns.join(' ')}`);
    }
    const part = await run(
      'restore',
      'latest',
      '--verify',
      '--target',
      at('part'),
      '--include',
      'nobody',
      '--include',
      'a',
    );
    assert.equal(part.code, 1);
    assert.match(part.stderr, /nobody: nothing in the snapshot is called that/);
    assert.match(part.stderr, /1 problem in the restore/);
    assert.ok(existsSync(join(at('part'), place.path, 'real/documents/a')));
  });

  it('is said to be nothing where there is no snapshot yet', async () => {
    const env = { RESTIC_PASSWORD: 'a password', RESTIC_CACHE_DIR: at('restic-cache') };
    await runProgram('restic', ['-r', at('none-yet'), 'init'], { env });
    const words = ['--repo', at('none-yet'), ...repository().slice(2)];
    const { code, stdout, stderr } = await runHoldfast(['snapshots', ...words]);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /there is no snapshot yet/);
    assert.match((await runHoldfast(['check', ...words])).stderr, /no snapshot is in it: there is nothing/);
  });

  it('is an error when it is what is never saved', async () => {
    const { code, stderr } = await run('backup', at('home'), '--json');
    assert.equal(code, 1);
    assert.match(stderr, /home is saved: the home and the store are never backed up/);
    assert.match(
      stderr,
      /"nothing_saved","message":"no file is left to be saved: what was named is never saved"/,
    );
  });

  it('is a folder of snapshots from where the user stands; where there is none, host and folder are named', async () => {
    const found = JSON.parse((await run('snapshots', '--json', '--path', 'real/')).stdout) as unknown[];
    assert.notEqual(found.length, 0);
    const { stdout, stderr } = await run('snapshots', '--json', '--path', 'real', '--host', 'nobody');
    assert.deepEqual(JSON.parse(stdout), []);
    assert.match(stderr, /no snapshot of host nobody and folder \S*\/real is there/);
  });

  it('may have a name that is not UTF-8', async () => {
    // Node could not hand such a word on.
    const shell = (script: string): string =>
      execFileSync('sh', ['-c', script, launcher, ...repository()], { cwd: place.path, encoding: 'utf8' });
    shell(`mkdir raw; printf one > raw/$(printf 'x\\377y'); printf two > raw/$(printf 'x\\376y')`);
    const saved = shell(`"$0" backup "raw/$(printf 'x\\377y')" "$@" --json`);
    assert.equal((JSON.parse(saved) as { files: number }).files, 1);
    const rest = shell(`printf 'x\\376y\\n' > skip; "$0" backup raw --exclude-file skip "$@" --json`);
    assert.equal((JSON.parse(rest) as { files: number }).files, 1);
    shell(`"$0" restore latest --target odd --include "$(printf 'x\\377y')" "$@" 2>&1`);
    assert.equal(shell(`cat "odd$PWD/raw/$(printf 'x\\377y')"`), 'one');
    const listed = shell(`"$0" ls latest "$PWD/raw/$(printf 'x\\377y')" "$@"`);
    assert.match(listed, /raw\/x\ufffdy\n/);
    shell(`"$0" restore latest --target shown --include "${listed.trim()}" "$@" 2>&1`);
    assert.equal(shell(`cat "shown$PWD/raw/$(printf 'x\\377y')"`), 'one');
    assert.match(shell(`"$0" restore latest --target "$(printf 'o\\377')" "$@" 2>&1; true`), /is not UTF-8/);
  });

  it('is no folder when it is a place of another kind', async () => {
    for (const kind of [
      'ann@host:/srv/repo',
      'rest:http://host:8000/',
      'http://host:8000/',
      'b2:bucket:path',
      'rclone:remote:path',
      'file:///srv/repo',
    ]) {
      const refusal = { code: 'usage', exit: 2, cwd: place.path, untouched: place.path } as const;
      const password = ['--password-file', at('password'), '--home', at('home')];
      const words = ['backup', '--repo', kind, '--init', 'real', ...password];
      // Where there is a password in it, nobody reads it in a log.
      await assertRefused(words, {
        ...refusal,
        message: /^--repo names a place of another kind, "[^:]*:"…: expected/,
      });
    }
    for (const target of ['sftp:host:/x', 'nas:/x', 'ann@nas:x']) {
      const words = ['restore', 'latest', '--target', target, ...repository()];
      await assertRefused(words, { code: 'usage', exit: 2, cwd: place.path, untouched: place.path });
    }
    const exactly = ['backup', '--repo', './a:b', '--init', 'real', ...repository().slice(2)];
    assert.equal((await runHoldfast(exactly, { cwd: place.path })).code, 0);
    assert.ok(existsSync(at('a:b/config')));
  });
});
