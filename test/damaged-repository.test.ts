import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
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
    });
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

  it('with a damaged index names it and the packs it was for', async () => {
    const [index = ''] = stored('index/*');
    await damaged(index, async () => {
      assert.match((await holdfast('check')).stderr, /hint {3}pack [0-9a-f]{64} is in no index/);
      const words = ['restore', 'latest', '--target', at('never'), ...own()];
      const message = new RegExp(`index ${basename(index)} is damaged.*readable`);
      await assertRefused(words, { code: 'repository_damaged', exit: 1, message, untouched: place.path });
    });
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
      for (const words of [['snapshots'], ['backup', at('one')]])
        await assertRefused([...words, ...own()], { ...refusal, untouched: place.path });
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
  });

  it('is not backed up to from a path that does not exist, nor read for a snapshot that is not there', async () => {
    const missing = { code: 'path_not_found', exit: 1, message: /missing/, untouched: place.path } as const;
    await assertRefused(['backup', at('one'), at('missing'), ...own()], missing);
    const unknown = {
      code: 'snapshot_not_found',
      exit: 1,
      hint: /holdfast snapshots/,
      untouched: place.path,
    } as const;
    await assertRefused(['restore', '0123abcd', '--target', at('never'), ...own()], unknown);
  });
});
