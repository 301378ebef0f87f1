import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clockMoved } from './rig/clock.ts';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('latest, when a backup was made by a wrong clock,', () => {
  let place: TemporaryDirectory;
  let data: string;
  const at = (name: string): string => join(place.path, name);

  before(() => {
    place = temporaryDirectory();
    data = at('data');
    mkdirSync(data);
  });
  after(() => place[Symbol.dispose]());

  /** Backs a file with this content up by a clock that is off by `offset`. */
  async function backUp(content: string, words: readonly string[], offset?: string): Promise<string> {
    writeFileSync(join(data, 'file'), content);
    const env = offset === undefined ? {} : clockMoved(offset);
    const { stdout } = await runProgram(launcher, ['backup', data, '--json', ...words], { env });
    return (JSON.parse(stdout) as { snapshot: string }).snapshot;
  }

  /** What `latest` brings back, and what is said of it. */
  async function latest(words: readonly string[]): Promise<{ content: string; stderr: string }> {
    const target = at('restored');
    const result = await runProgram(launcher, ['restore', 'latest', '--target', target, ...words]);
    const content = readFileSync(join(target, data, 'file'), 'utf8');
    rmSync(target, { recursive: true });
    return { content, stderr: result.stderr };
  }

  const listed = ({ stdout }: ProgramResult): string[] =>
    (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);

  describe('at a server', () => {
    let network: Network;
    let client: NetworkClient;

    before(async () => {
      network = await Network.start(at('server'));
      client = await network.join('client', at('client'));
    });
    after(() => network[Symbol.asyncDispose]());

    it('is the one that arrived last, and the clock is named', async () => {
      const words = ['--home', client.home];
      const one = await backUp('one', words);
      const two = await backUp('two', words, '+15d');
      assert.equal((await latest(words)).content, 'two');
      const three = await backUp('three', words);
      const ahead = new RegExp(`warning: snapshot ${two.slice(0, 8)} says .* and arrived .*was ahead`);
      const found = await latest(words);
      assert.equal(found.content, 'three');
      assert.match(found.stderr, ahead);
      const four = await backUp('four', words, '-4m');
      assert.equal((await latest(words)).content, 'four');
      const list = await client.run(['snapshots', '--json']);
      assert.deepEqual(listed(list), [one, two, three, four]);
      assert.match(list.stderr, ahead);
    });
  });

  describe('in a directory', () => {
    const words = (): string[] => [
      '--home',
      at('home'),
      '--repo',
      at('repo'),
      '--password-file',
      at('password'),
    ];

    it('is the last one made, also in a copy that has lost the times of its files', async () => {
      writeFileSync(at('password'), 'a password\n');
      const one = await backUp('one', ['--init', ...words()]);
      const two = await backUp('two', words(), '+15d');
      const three = await backUp('three', words(), '-20d');
      assert.equal((await latest(words())).content, 'three');
      const snapshots = ['snapshots', '--json', ...words()];
      assert.deepEqual(listed(await runProgram(launcher, snapshots)), [one, two, three]);

      const copy = at('copy');
      cpSync(at('repo'), copy, { recursive: true });
      for (const name of readdirSync(join(copy, 'snapshots')))
        utimesSync(join(copy, 'snapshots', name), 0, 0);
      rmSync(at('repo'), { recursive: true });
      cpSync(copy, at('repo'), { recursive: true, preserveTimestamps: true });
      const found = await latest(words());
      assert.equal(found.content, 'three');
      assert.match(
        found.stderr,
        new RegExp(`${two.slice(0, 8)} says .* is yet to come: .* never the latest`),
      );
      assert.equal(listed(await runProgram(launcher, snapshots)).at(-1), three);
    });

    it('is not the first of a folder by a clock that is behind, which is said when that is made', async () => {
      mkdirSync(at('other'));
      writeFileSync(join(at('other'), 'file'), 'other');
      const named = ['--home', at('home'), '--repo', at('behind'), '--password-file', at('password')];
      const right = await backUp('right', ['--init', ...named]);
      const slow = await runProgram(launcher, ['backup', at('other'), ...named], { env: clockMoved('-25d') });
      assert.match(
        slow.stderr,
        new RegExp(`warning: snapshot ${right.slice(0, 8)} of .*one of the two clocks is wrong`),
      );
      assert.equal((await latest(named)).content, 'right');
      // By the right clock nothing is yet to come.
      const { stderr } = await runProgram(launcher, ['backup', data, ...named]);
      assert.doesNotMatch(stderr, /clock/);
    });
  });
});
