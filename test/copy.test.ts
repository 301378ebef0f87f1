import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSameTree } from './rig/compare-trees.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface ResticSnapshot {
  readonly id: string;
  readonly original?: string;
  readonly tags?: readonly string[];
  readonly paths: readonly string[];
}

/** Between repositories that Holdfast and restic have made, each with a password of its own. */
describe('holdfast copy', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const restic = async (repository: string, ...words: string[]): Promise<string> =>
    (
      await runProgram('restic', ['-r', at(repository), '--no-cache', ...words], {
        env: { RESTIC_PASSWORD: `of ${repository}`, RESTIC_FROM_PASSWORD: `of ${basename(words[2] ?? '')}` },
      })
    ).stdout;
  const snapshotsOf = async (repository: string): Promise<ResticSnapshot[]> =>
    JSON.parse(await restic(repository, 'snapshots', '--json')) as ResticSnapshot[];
  const here = ['--home', 'HOME'];
  const from = (repository: string) => [
    '--from-repo',
    at(repository),
    '--from-password-file',
    at(`pw-${repository}`),
  ];
  const to = (repository: string) => ['--repo', at(repository), '--password-file', at(`pw-${repository}`)];
  const said = (words: readonly string[]) => words.map((word) => word.replace('HOME', at('home')));
  const copy = async (words: readonly string[], expected = 0): Promise<ProgramResult> =>
    await runProgram(launcher, said(['copy', ...words, ...here]), { expected });
  const run = async (...words: string[]) => await runHere(said([...words, ...here]), { HOME: place.path });

  before(async () => {
    place = temporaryDirectory();
    for (const name of ['ours', 'restics', 'third', 'part']) writeFileSync(at(`pw-${name}`), `of ${name}\n`);
    mkdirSync(at('data/deep/er'), { recursive: true });
    writeFileSync(at('data/large'), randomBytes(3_000_000));
    writeFileSync(at('data/deep/text'), 'again and again\n'.repeat(5000));
    writeFileSync(at('data/deep/er/secret'), 'nobody else is to see it');
    symlinkSync('large', at('data/link'));
    const save = async (tag: string) =>
      await run('backup', at('data'), '--init', ...to('ours'), '--tag', tag, '--host', `host-${tag}`);
    assert.equal((await save('one')).error, undefined);
    writeFileSync(at('data/new'), 'only in the second');
    assert.equal((await save('two')).error, undefined);
    await restic('restics', 'init');
  });
  after(() => place[Symbol.dispose]());

  it('fills a repository of restic, which finds nothing wrong, restores the same, and copies nothing again', async () => {
    const { stderr, stdout } = await copy([...from('ours'), ...to('restics')]);
    assert.match(stderr, /cut files at other places/);
    assert.match(stdout, /copied +2 snapshots/);
    assert.match(await restic('restics', 'check', '--read-data'), /no errors were found/);
    await restic('restics', 'restore', 'latest', '--target', at('restored'));
    assertSameTree(join(at('restored'), at('data')), at('data'));
    const copies = await snapshotsOf('restics');
    const originals = await snapshotsOf('ours');
    assert.deepEqual(
      copies.map(({ original, tags }) => [original, tags]),
      originals.map(({ id, tags }) => [id, tags]),
    );
    await restic('restics', 'copy', '--from-repo', at('ours'));
    assert.match((await copy([...from('ours'), ...to('restics')])).stdout, /present +2 snapshots/);
    assert.equal((await snapshotsOf('restics')).length, 2);
  });

  it('takes what restic stored and copied, and makes a repository that cuts alike', async () => {
    await restic('restics', 'backup', at('data'), '--host', 'restic');
    const made = await run(
      'copy',
      'latest',
      '--host',
      'restic',
      ...from('restics'),
      ...to('third'),
      '--init',
    );
    assert.equal(made.error, undefined);
    const { stdout, stderr } = await copy([
      ...from('restics'),
      ...to('third'),
      ...'--host host-one --host restic --limit-upload 100000 --limit-download 100000 --retry-lock 1s'.split(
        ' ',
      ),
      '--json',
    ]);
    assert.doesNotMatch(stderr, /other places/);
    const { sameCuts, snapshots } = JSON.parse(stdout) as {
      sameCuts: boolean;
      snapshots: { outcome: string }[];
    };
    assert.deepEqual([sameCuts, snapshots.map(({ outcome }) => outcome)], [true, ['copied', 'present']]);
    assert.equal((await run('copy', ...from('restics'), ...to('third'), '--tag', 'two')).code, 0);
    assert.match(await restic('third', 'check', '--read-data'), /no errors were found/);
    assert.equal((await snapshotsOf('third')).length, 3);
    assert.equal((await run('copy', ...from('third'), ...to('ours'), '--path', at('data'))).code, 0);
    // Two of them are copies of its own.
    assert.equal((await snapshotsOf('ours')).length, 3);
  });

  it('of one folder alone holds nothing else', async () => {
    const folder = ['--subtree', at('data/deep/er')];
    assert.equal((await run('copy', ...folder, ...from('ours'), ...to('part'), '--init')).code, 0);
    assert.match(await restic('part', 'check', '--read-data'), /no errors were found/);
    await restic('part', 'restore', 'latest', '--target', at('part-of-it'));
    assert.deepEqual(readdirSync(join(at('part-of-it'), at('data'))), ['deep']);
    assertSameTree(join(at('part-of-it'), at('data/deep/er')), at('data/deep/er'));
    assert.deepEqual((await snapshotsOf('part'))[0]?.paths, [at('data/deep/er')]);
    const blobs = (await restic('part', 'list', 'blobs'))
      .split('\n')
      .filter((line) => line.startsWith('data'));
    assert.equal(blobs.length, 1);
    const missing = await run('copy', '--subtree', '/nowhere', ...from('ours'), ...to('part'));
    assert.equal(missing.error?.code, 'path_not_found');
  });

  it('refuses what cannot be meant, and says which password is missing', async () => {
    assert.equal((await run('copy')).error?.code, 'usage');
    assert.equal((await run('copy', ...from('ours'), ...to('ours'))).error?.code, 'repository_same');
    const wrong = ['--from-repo', at('ours'), '--from-password-file', at('pw-part'), ...to('part')];
    const { error } = await run('copy', ...wrong);
    assert.deepEqual(
      [error?.code, /--from-password-file/.test(error?.hint ?? '')],
      ['repository_wrong_key', true],
    );
    const none = await run('copy', '--tag', 'nothing', ...from('ours'), ...to('part'));
    assert.equal(none.error?.code, 'snapshot_not_found');
    assert.match(
      (await run('copy', '--from-repo', 'ftp:there', ...to('part'))).error?.message ?? '',
      /--from-repo/,
    );
  });
});
