import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface ResticSnapshot {
  readonly id: string;
  readonly time: string;
  readonly tree: string;
  readonly original?: string;
  readonly tags?: readonly string[];
}

describe('holdfast tag', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const restic = async (...words: string[]): Promise<string> =>
    (
      await runProgram('restic', ['-r', at('repo'), '--no-cache', ...words], {
        env: { RESTIC_PASSWORD: 'a password' },
      })
    ).stdout;
  const snapshots = async (): Promise<ResticSnapshot[]> =>
    JSON.parse(await restic('snapshots', '--json')) as ResticSnapshot[];
  const there = () => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const run = async (...words: string[]) => await runHere([...words, ...there()], { HOME: place.path });
  const tagsNow = async (): Promise<readonly (readonly string[])[]> =>
    (await snapshots()).map(({ tags = [] }) => tags);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('password'), 'a password\n');
    for (const name of ['one', 'two', 'three']) {
      writeFileSync(at('data', name), name);
      const words = ['backup', at('data'), '--init', '--tag', `${name},all`, '--host', name];
      assert.equal((await run(...words)).code, 0);
    }
  });
  after(() => place[Symbol.dispose]());

  it('adds, removes and sets words as restic does, and keeps which snapshot it was', async () => {
    const first = await snapshots();
    const { stdout } = await runProgram(
      launcher,
      ['tag', '--add', 'kept,all', '--remove', 'one', '--retry-lock', '1s', ...there()],
      {},
    );
    assert.match(stdout, /tagged +3 snapshots/);
    assert.deepEqual(await tagsNow(), [
      ['all', 'kept'],
      ['two', 'all', 'kept'],
      ['three', 'all', 'kept'],
    ]);
    const second = await snapshots();
    const facts = ({ time, tree }: ResticSnapshot) => [time, tree];
    assert.deepEqual(second.map(facts), first.map(facts));
    assert.deepEqual(
      second.map(({ original }) => original),
      first.map(({ id }) => id),
    );
    await restic('tag', '--add', 'by restic', '--host', 'one');
    assert.equal((await run('tag', '--set', 'a, b', '--host', 'one', '--path', at('data'))).code, 0);
    assert.equal((await snapshots()).find(({ tags }) => tags?.[1] === 'b')?.original, first[0]?.id);
    assert.equal((await run('tag', '--set', '', '--tag', 'a,b')).code, 0);
    assert.deepEqual((await tagsNow())[0], []);
    assert.match(await restic('check'), /no errors were found/);
    assert.equal(readdirSync(at('repo/snapshots')).length, 3);
  });

  it('writes nothing where nothing changes, and takes no words that do not go together', async () => {
    const before = readdirSync(at('repo/snapshots'));
    assert.equal((await run('tag', '--add', 'kept', 'latest')).code, 0);
    assert.equal((await run('tag', '--remove', 'nothing')).code, 0);
    assert.deepEqual(readdirSync(at('repo/snapshots')), before);
    for (const words of [[], ['--set', 'a', '--add', 'b'], ['--set', 'a', '--remove', 'b']])
      assert.equal((await run('tag', ...words)).error?.code, 'usage', words.join(' '));
  });

  it('leaves a repository that next backups and this machine know again', async () => {
    assert.equal((await run('tag', '--add', 'again', 'latest')).code, 0);
    const { stderr } = await runProgram(launcher, ['backup', at('data'), ...there()], {});
    assert.doesNotMatch(stderr, /is not at/);
  });
});
