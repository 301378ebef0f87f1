import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, runHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Backup {
  readonly snapshot?: string;
  readonly skipped?: true;
  readonly files: number;
  readonly filesUnmodified: number;
  readonly added: number;
}

describe('backup with the options that users of restic know', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = () => ['--home', at('home'), '--repo', at('repo')];
  const run = async (words: readonly string[], code = 0) => {
    const result = await runHoldfast([...words.slice(0, 1), ...own(), ...words.slice(1)]);
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  const backup = async (...words: readonly string[]): Promise<Backup> =>
    JSON.parse((await run(['backup', '--json', ...words])).stdout) as Backup;
  /** Files of the latest snapshot, below the place of the test. */
  const saved = async (): Promise<string[]> =>
    (await run(['ls', 'latest'])).stdout
      .split('\n')
      .filter((path) => path.startsWith(`${at('data')}/`))
      .map((path) => path.slice(at('data').length + 1));
  const stored = (): number => readdirSync(at('repo'), { recursive: true }).length;

  before(async () => {
    place = temporaryDirectory();
    for (const folder of ['data/keep', 'data/skipped', 'data/half'])
      mkdirSync(at(folder), { recursive: true });
    for (const name of ['keep/a.txt', 'keep/B.TMP', 'skipped/.nobackup', 'skipped/x', 'half/tag', 'half/y'])
      writeFileSync(at('data', name), name);
    writeFileSync(at('data/half/tag'), 'no backup please');
    writeFileSync(at('data/big'), Buffer.alloc(3000, 'big'));
    writeFileSync(at('password'), 'of the repository\n');
    await run(['backup', at('data/keep'), '--init', '--password-file', at('password')]);
  });
  after(() => place[Symbol.dispose]());

  it('leaves out by case, size, tag files and file systems', async () => {
    const words = ['--iexclude', '*.tmp', '--exclude-larger-than', '2k', '--exclude-if-present', '.nobackup'];
    await backup(at('data'), ...words, '--exclude-if-present', 'tag:no backup', '--one-file-system');
    assert.deepEqual(await saved(), [
      'half',
      'half/tag',
      'keep',
      'keep/a.txt',
      'skipped',
      'skipped/.nobackup',
    ]);
    await backup(at('data/half'), '--exclude-if-present', 'tag:backup');
    assert.deepEqual(await saved(), ['half', 'half/tag', 'half/y']);
    if (process.getuid?.() !== 0) return;
    execFileSync('mount', ['-t', 'tmpfs', 'none', at('data/keep')]);
    try {
      writeFileSync(at('data/keep/mounted'), 'x');
      await backup(at('data'), '-x');
      assert.ok((await saved()).includes('keep') && !(await saved()).includes('keep/mounted'));
    } finally {
      execFileSync('umount', [at('data/keep')]);
    }
  });

  it('takes what to save from files, as patterns, as they are, or with a NUL behind each', async () => {
    writeFileSync(at('patterns'), `# what\n\n  ${at('data/k*')}\n${at('data/none*')}\n`);
    writeFileSync(at('verbatim'), `${at('data/half/y')}\n`);
    writeFileSync(at('raw'), `${at('data/big')}\0`);
    const lists = ['--files-from', at('patterns'), '--files-from-verbatim', at('verbatim')];
    await backup(...lists, '--files-from-raw', at('raw'));
    assert.deepEqual(await saved(), ['big', 'half', 'half/y', 'keep', 'keep/B.TMP', 'keep/a.txt']);
    assert.equal(errorIn(await run(['backup', '--json'], 2)).code, 'usage');
  });

  it('says when and whose a snapshot is, reads all of it again, and makes none that is as the last', async () => {
    // The folders above are in a snapshot too, and others work in that of temporary files.
    const still = mkdtempSync('/var/tmp/holdfast-still-');
    cpSync(at('data/half'), still, { recursive: true });
    const words = ['--time', '2026-01-02 03:04:05Z', '--host', 'elsewhere'];
    await backup(still, ...words);
    const again = await backup(still, ...words, '--reread');
    assert.deepEqual([again.files, again.filesUnmodified, again.added > 0], [2, 0, false]);
    const skipped = await backup(still, '--host', 'elsewhere', '--skip-if-unchanged');
    rmSync(still, { recursive: true });
    assert.deepEqual([skipped.snapshot, skipped.skipped], [again.snapshot, true]);
    const { stdout } = await run(['snapshots', '--host', 'elsewhere', '--json']);
    const listed = JSON.parse(stdout) as { time: string }[];
    assert.deepEqual(
      listed.map(({ time }) => time),
      Array<string>(2).fill('2026-01-02T03:04:05.000Z'),
    );
  });

  it('stores nothing in a dry run, and says what it would; quietly it says nothing', async () => {
    const before_ = stored();
    writeFileSync(at('data/new'), Buffer.alloc(100_000, 'what is new '));
    const tried = await backup(at('data/new'), '--dry-run');
    assert.deepEqual([tried.snapshot, tried.files, tried.added > 0], [undefined, 1, true]);
    assert.match((await run(['backup', at('data/new'), '--dry-run'])).stdout, /a dry run: nothing is stored/);
    assert.equal(stored(), before_);
    assert.deepEqual(
      await run(['backup', at('data/new'), '--quiet']).then(({ stdout, stderr }) => stdout + stderr),
      '',
    );
  });

  it('saves what comes out of a pipe, and of a command when that succeeds', async () => {
    const said = [
      'backup',
      ...own(),
      '--stdin',
      '--stdin-filename',
      'from a pipe',
      '--limit-upload',
      '100000',
    ];
    const content = 'what comes\n'.repeat(200_000);
    execFileSync(launcher, said, { input: content, stdio: ['pipe', 'ignore', 'pipe'] });
    assert.equal((await run(['dump', 'latest', 'from a pipe'])).stdout, content);
    await backup(
      '--stdin-from-command',
      '--stdin-filename',
      'letter',
      '--',
      'sh',
      '-c',
      'printf dear; sleep 0.3; printf ann',
    );
    assert.equal((await run(['dump', 'latest:/', 'letter'])).stdout, 'dearann');
    const count = async () => (JSON.parse((await run(['snapshots', '--json'])).stdout) as unknown[]).length;
    const before_ = await count();
    for (const [code, ...command] of [
      ['command_failed', 'sh', '-c', 'echo half; exit 3'],
      ['command_failed', '/no/such/command'],
      ['nothing_saved', 'true'],
    ] as const)
      assert.equal(
        errorIn(await run(['backup', '--json', '--stdin-from-command', '--', ...command], 1)).code,
        code,
      );
    await run(['backup', '--stdin-from-command'], 2);
    await run(['backup', '--stdin', at('data')], 2);
    await run(['backup', '--stdin', '--stdin-filename', 'a/b'], 2);
    assert.equal(await count(), before_);
    assert.deepEqual(
      readdirSync('/tmp').filter((name) => name.startsWith('holdfast-pipe-')),
      [],
    );
  });

  it('goes no faster than it may', async () => {
    const from = performance.now();
    await backup(at('data/keep'), '--limit-download', '1000000', '--tag', 'limited');
    writeFileSync(at('data/random'), execFileSync('head', ['-c', '300000', '/dev/urandom']));
    await backup(at('data/random'), '--limit-upload', '00:00-12:00=200,12:00-00:00=200');
    assert.ok(performance.now() - from > 1400);
  });
});
