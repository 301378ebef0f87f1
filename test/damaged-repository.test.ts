import assert from 'node:assert/strict';
import { cpSync, globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { flipBit } from './rig/damage.ts';
import { launcher, type ProgramResult, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { Prng } from './rig/prng.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a repository', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = (): string[] => ['--repo', at('repo'), '--password-file', at('password'), '--home', at('home')];
  const holdfast = (...words: string[]): Promise<ProgramResult> =>
    runHoldfast([...words, ...own(), '--json']);
  /** Files of the repository, largest first. */
  const stored = (pattern: string): string[] =>
    globSync(`repo/${pattern}`, { cwd: place.path })
      .map((name) => at(name))
      .toSorted((a, b) => statSync(b).size - statSync(a).size);
  const restored = (target: string, name: string): Buffer => readFileSync(join(at(target), at(name)));

  before(async () => {
    place = temporaryDirectory();
    for (const folder of ['one', 'two']) mkdirSync(at(folder));
    writeFileSync(at('one/large'), new Prng('large').bytes(300_000));
    writeFileSync(at('two/other'), new Prng('other').bytes(200_000));
    writeFileSync(at('password'), 'right\n');
    writeFileSync(at('wrong'), 'wrong\n');
    await runProgram(launcher, ['backup', at('one'), '--init', ...own()]);
    await runProgram(launcher, ['backup', at('two'), ...own()]);
  });
  after(() => place[Symbol.dispose]());

  /** Runs `check` while the file is damaged by a flipped bit, and more, and asserts that it names the file. */
  async function damaged(file: string, more: () => Promise<void>): Promise<void> {
    flipBit(file);
    const result = await holdfast('check', '--read-data');
    assert.deepEqual([result.code, errorIn(result).code], [1, 'repository_damaged'], result.stderr);
    assert.ok(result.stderr.includes(basename(file)) || file.endsWith('config'), result.stderr);
    await more();
    flipBit(file);
  }

  it('with a damaged pack names the file in it; the others restore', async () => {
    await damaged(stored('data/*/*')[0] ?? '', async () => {
      const checked = await holdfast('check', '--read-data');
      assert.match(checked.stderr, new RegExp(`damaged {3}file ${at('one/large')} in snapshot`));
      const whole = await holdfast('restore', 'latest', '--target', at('other'));
      assert.equal(whole.code, 0, whole.stderr);
      assert.deepEqual(restored('other', 'two/other'), readFileSync(at('two/other')));
      const result = await holdfast('restore', 'latest', '--path', at('one'), '--target', at('partly'));
      assert.equal(errorIn(result).code, 'restore_incomplete');
      assert.match(result.stderr, new RegExp(at('one/large')));
      assert.match(errorIn(result).hint ?? '', /holdfast check --read-data/);
      // What advises a restore is not advised by one.
      assert.doesNotMatch(errorIn(checked).hint ?? '', /holdfast restore/);
    });
  });

  it('with a damaged key among others opens with those, and with a damaged directory gives back the others', async () => {
    cpSync(at('repo'), at('holed'), { recursive: true });
    const there = ['--repo', at('holed'), '--password-file', at('password'), '--home', at('home')];
    writeFileSync(at('holed/keys', 'ab'.repeat(32)), 'no key');
    const snapshots = await runHoldfast([
      'snapshots',
      '--json',
      ...there.slice(0, 4),
      '--home',
      at('no key kept'),
    ]);
    assert.equal(snapshots.code, 0, snapshots.stderr);
    mkdirSync(at('both/one'), { recursive: true });
    mkdirSync(at('both/two'));
    for (const name of ['one/a', 'two/b']) writeFileSync(at('both', name), name);
    await runProgram(launcher, ['backup', at('both/one'), ...there]);
    const before = new Set(globSync('holed/data/*/*', { cwd: place.path }));
    await runProgram(launcher, ['backup', at('both/two'), ...there]);
    // The newest packs hold the file and the folders of the second alone.
    for (const pack of globSync('holed/data/*/*', { cwd: place.path }))
      if (!before.has(pack)) flipBit(at(pack));
    const lost = await runHoldfast([
      'restore',
      'latest',
      ...there,
      '--path',
      at('both/two'),
      '--target',
      at('lost'),
    ]);
    assert.equal(lost.code, 1);
    const kept = await runHoldfast([
      'restore',
      'latest',
      ...there,
      '--path',
      at('both/one'),
      '--target',
      at('kept one'),
    ]);
    assert.equal(kept.code, 0, kept.stderr);
    assert.equal(readFileSync(join(at('kept one'), at('both/one/a')), 'utf8'), 'one/a');
  });

  it('with a pack that is missing or cut short says so without reading the others', async () => {
    const [pack = ''] = stored('data/*/*');
    renameSync(pack, at('kept'));
    assert.match((await holdfast('check')).stderr, new RegExp(`damaged {3}.*${basename(pack)}`));
    writeFileSync(pack, readFileSync(at('kept')).subarray(0, 1000));
    assert.match(
      (await holdfast('check')).stderr,
      new RegExp(`damaged {3}pack ${basename(pack)} has 1000 bytes`),
    );
    renameSync(at('kept'), pack);
  });

  it('with a damaged index names it, and gives back what it alone knew', async () => {
    const [index = ''] = stored('index/*');
    await damaged(index, async () => {
      const checked = await holdfast('check');
      assert.match(errorIn(checked).hint ?? '', /^holdfast repair index/);
      for (const [folder, name] of [
        ['one', 'large'],
        ['two', 'other'],
      ] as const) {
        const target = `past the index ${folder}`;
        const result = await holdfast('restore', 'latest', '--path', at(folder), '--target', at(target));
        assert.match(errorIn(result).hint ?? '', /^holdfast repair index/, result.stderr);
        assert.match(result.stderr, new RegExp(`warning: index ${basename(index)} is damaged`));
        assert.deepEqual(restored(target, `${folder}/${name}`), readFileSync(at(folder, name)));
      }
      const listed = await holdfast('ls', 'latest');
      assert.equal(listed.code, 0, listed.stderr);
      assert.match(listed.stdout, /other/);
    });
  });

  it('with a damaged index is backed up to, and then has what that one knew in another', async () => {
    cpSync(at('repo'), at('mended'), { recursive: true });
    const there = ['--repo', at('mended'), '--password-file', at('password'), '--home', at('home'), '--json'];
    const [index = ''] = globSync('mended/index/*', { cwd: place.path });
    flipBit(at(index));
    const saved = await runHoldfast(['backup', at('one'), ...there]);
    assert.equal(saved.code, 0, saved.stderr);
    assert.match(saved.stderr, new RegExp(`warning: index ${basename(index)} is damaged`));
    for (const words of [
      ['restore', 'latest', '--path', at('two'), '--target', at('after a backup')],
      ['check', '--read-data'],
    ]) {
      const result = await runHoldfast([...words, ...there]);
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stderr, new RegExp(`index ${basename(index)} is damaged`));
    }
    const mended = await runHoldfast(['repair', 'index', ...there]);
    assert.deepEqual((JSON.parse(mended.stdout) as { removed: string[] }).removed, [basename(index)]);
    await runProgram('restic', [
      'check',
      '--read-data',
      '--no-cache',
      '-r',
      at('mended'),
      '-p',
      at('password'),
    ]);
  });

  it('with a damaged snapshot names it, and lists and restores the others', async () => {
    const list = JSON.parse((await holdfast('snapshots')).stdout) as { id: string; paths: string[] }[];
    const [first, last] = list.map(({ id }) => id);
    await damaged(at('repo/snapshots', last ?? ''), async () => {
      const listed = await holdfast('snapshots');
      assert.deepEqual([listed.code, errorIn(listed).code], [1, 'repository_damaged']);
      assert.match(listed.stderr, new RegExp(`warning: snapshot ${last}`));
      assert.deepEqual(
        (JSON.parse(listed.stdout) as { id: string }[]).map(({ id }) => id),
        [first],
      );
      const result = await holdfast('restore', first ?? '', '--target', at('by id'));
      assert.equal(result.code, 0, result.stderr);
      assert.deepEqual(restored('by id', 'one/large'), readFileSync(at('one/large')));
      const latest = await holdfast('restore', 'latest', '--target', at('latest'));
      assert.equal(latest.code, 0, latest.stderr);
      assert.match(latest.stderr, new RegExp(`warning: snapshot ${last} is damaged.*passed over`));
    });
  });

  it('with a damaged config says so, and what can be done', async () => {
    await damaged(at('repo/config'), async () => {
      const refusal = {
        code: 'repository_damaged',
        exit: 1,
        message: /config.*damaged/,
        hint: /readable/,
      } as const;
      const elsewhere = ['--repo', at('repo'), '--password-file', at('password'), '--home', at('stranger')];
      for (const words of [['snapshots'], ['backup', at('one')]])
        await assertRefused([...words, ...elsewhere], { ...refusal, untouched: place.path });
      // The machine that knows what it said goes on.
      const listed = await holdfast('snapshots');
      assert.equal(listed.code, 0, listed.stderr);
      assert.match(listed.stderr, /warning: the config of .* is damaged/);
    });
  });

  it('opens with its own key alone', async () => {
    const home = ['--home', at('new-home')];
    const refusal = {
      code: 'repository_wrong_key',
      exit: 12,
      hint: /password/,
      untouched: place.path,
    } as const;
    const wrong = ['--repo', at('repo'), '--password-file', at('wrong'), ...home];
    for (const words of [['snapshots'], ['backup', at('one')]])
      await assertRefused([...words, ...wrong], refusal);
    await assertRefused(['snapshots', '--repo', at('repo'), ...home], refusal);
  });

  it('that is not there is not made without --init', async () => {
    const words = ['--repo', at('nowhere'), '--password-file', at('password'), '--home', at('new-home')];
    const refusal = { code: 'repository_missing', exit: 10, hint: /--init/, untouched: place.path } as const;
    for (const command of [['snapshots'], ['backup', at('one')], ['check']])
      await assertRefused([...command, ...words], refusal);
  });

  it('is restored into a folder that holds files only with --overwrite', async () => {
    mkdirSync(at('full'));
    writeFileSync(at('full/mine'), 'mine');
    const words = ['restore', 'latest', '--target', at('full')];
    const refusal = {
      code: 'target_not_empty',
      exit: 1,
      hint: /--overwrite/,
      untouched: place.path,
    } as const;
    await assertRefused([...words, ...own()], refusal);
    assert.equal((await holdfast(...words, '--overwrite')).code, 0);
    assert.equal(readFileSync(at('full/mine'), 'utf8'), 'mine');
    assert.deepEqual(restored('full', 'two/other'), readFileSync(at('two/other')));
    const before = readFileSync(at('two/other'));
    writeFileSync(at('two/other'), 'spoilt');
    assert.equal((await holdfast('restore', 'latest', '--target', '/', '--overwrite')).code, 0);
    assert.deepEqual(readFileSync(at('two/other')), before);
  });

  it('is not backed up to from a path that does not exist, nor read for a snapshot that is not there', async () => {
    const missing = { code: 'path_not_found', exit: 1, message: /missing/, untouched: place.path } as const;
    await assertRefused(['backup', at('missing'), ...own()], missing);
    const unknown = {
      code: 'snapshot_not_found',
      exit: 1,
      hint: /holdfast snapshots/,
      untouched: place.path,
    } as const;
    await assertRefused(['restore', '0123abcd', '--target', at('never'), ...own()], unknown);
  });
});
