import assert from 'node:assert/strict';
import {
  cpSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { flipBit } from './rig/damage.ts';
import { launcher, type ProgramResult, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { Prng } from './rig/prng.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** What `backup --json` says of packs that are not what they were. */
interface Mending {
  readonly mended: number;
  readonly missing: number;
  readonly filesUnmodified: number;
}

describe('a backup of unchanged files to a repository', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const to = (repo: string): string[] => ['--repo', at(repo), '--password-file', at('password')];
  const holdfast = (repo: string, ...words: string[]): Promise<ProgramResult> =>
    runHoldfast([...words, ...to(repo), '--home', at('home'), '--json']);
  const restic = (repo: string, ...words: string[]): Promise<ProgramResult> =>
    runProgram('restic', ['--no-cache', '-r', at(repo), '-p', at('password'), ...words]);
  /** Packs of file contents, the largest first, and the others after them. */
  const packsOf = (repo: string): string[] =>
    globSync(`${repo}/data/*/*`, { cwd: place.path })
      .map((name) => at(name))
      .toSorted((a, b) => statSync(b).size - statSync(a).size);

  /** The snapshot that is there before each test. */
  let earlier: string[];

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data/deep'), { recursive: true });
    writeFileSync(at('data/large'), new Prng('large').bytes(300_000));
    writeFileSync(at('data/deep/small'), 'small');
    writeFileSync(at('password'), 'right\n');
    await runProgram(launcher, ['backup', at('data'), '--init', ...to('repo'), '--home', at('home')]);
    earlier = globSync('snapshots/*', { cwd: at('repo') });
  });
  after(() => place[Symbol.dispose]());

  /** A copy of the repository, which this machine takes for the same one. */
  function copied(name: string): string {
    cpSync(at('repo'), at(name), { recursive: true });
    return name;
  }

  async function backUp(repo: string): Promise<Mending> {
    const result = await holdfast(repo, 'backup', at('data'));
    assert.equal(result.code, 0, result.stderr);
    return JSON.parse(result.stdout) as Mending;
  }

  /**
   * Asserts that holdfast gives the newest snapshot back as the files are, and restic too, once the snapshot of before, a folder
   * of which may be lost, and indexes that name what is gone are removed.
   */
  async function assertWhole(repo: string): Promise<void> {
    const ours = await holdfast(repo, 'restore', 'latest', '--target', at(`${repo} ours`));
    assert.equal(ours.code, 0, ours.stderr);
    for (const name of earlier) rmSync(at(repo, name));
    const repaired = await holdfast(repo, 'repair', 'index');
    assert.equal(repaired.code, 0, repaired.stderr);
    const checked = await holdfast(repo, 'check', '--read-data');
    assert.equal(checked.code, 0, checked.stderr);
    assert.match((await restic(repo, 'check', '--read-data')).stdout, /no errors were found/);
    await restic(repo, 'restore', 'latest', '--target', at(`${repo} theirs`), '--verify');
    for (const target of [`${repo} ours`, `${repo} theirs`])
      for (const name of ['data/large', 'data/deep/small'])
        assert.deepEqual(readFileSync(join(at(target), at(name))), readFileSync(at(name)));
  }

  const losses: readonly (readonly [what: string, lose: (pack: string) => void])[] = [
    ['missing', (pack) => rmSync(pack)],
    ['cut short', (pack) => truncateSync(pack, statSync(pack).size - 1)],
  ];
  for (const [what, lose] of losses)
    it(`all of whose packs are ${what} stores everything again, and says so`, async () => {
      const repo = copied(what);
      packsOf(repo).forEach(lose);
      const { mended, filesUnmodified } = await backUp(repo);
      assert.equal(filesUnmodified, 0);
      // Two contents and the folders of both; of the folders above, one may be of an earlier state.
      assert.ok(mended >= 4, `${mended} blobs`);
      await assertWhole(repo);
      const { mended: again, filesUnmodified: unmodified } = await backUp(repo);
      assert.deepEqual([again, unmodified], [0, 2]);
    });

  it('one of whose packs was found damaged by a check stores again what is in it', async () => {
    const repo = copied('flipped');
    const [pack = ''] = packsOf(repo);
    flipBit(pack);
    const checked = await holdfast(repo, 'check', '--read-data');
    assert.equal(errorIn(checked).code, 'repository_damaged');
    assert.match(errorIn(checked).hint ?? '', /^holdfast backup PATH/);
    const { mended, missing } = await backUp(repo);
    assert.ok(mended > 0);
    assert.equal(missing, 0);
    const again = await holdfast(repo, 'check', '--read-data');
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, new RegExp(`hint .*${basename(pack)}.*in other packs too`));
    assert.equal((await backUp(repo)).mended, 0);
    rmSync(pack);
    await assertWhole(repo);
  });

  it('whose folders it finds damaged itself stores those again', async () => {
    const repo = copied('folders');
    const pack = packsOf(repo).at(-1) ?? '';
    const bytes = readFileSync(pack);
    // All blobs of it; the header at the end stays as it is.
    bytes.fill(0, 0, 100);
    writeFileSync(pack, bytes);
    await backUp(repo);
    const ours = await holdfast(repo, 'restore', 'latest', '--target', at('from folders'));
    assert.equal(ours.code, 0, ours.stderr);
    assert.equal(readFileSync(join(at('from folders'), at('data/deep/small')), 'utf8'), 'small');
  });
});
