import assert from 'node:assert/strict';
import { chmodSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launcher, type ProgramResult, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const [gid, member, other] = [54_321, 54_322, 54_323];
const notRoot = process.getuid?.() !== 0;

describe('a keystore that is shared with a group', {
  skip: notRoot && 'only root can be other users',
}, () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);
  const inHome = (...names: string[]): string => join(laptop.home, ...names);
  const modes = (): Record<string, string> =>
    Object.fromEntries(
      ['', 'home.json', 'node', ...readdirSync(inHome('node')).map((name) => `node/${name}`)].map((name) => {
        const { mode, gid: group } = statSync(inHome(name));
        return [name, `${(mode & 0o7777).toString(8)} ${group}`];
      }),
    );
  /** As a user who is in the group, or in no group but a one of that number. */
  const as = (user: number, words: readonly string[], expected = 0): Promise<ProgramResult> => {
    const groups = user === member ? ['--groups', String(gid)] : ['--clear-groups'];
    const who = ['--reuid', String(user), '--regid', String(user), ...groups];
    return runProgram('setpriv', [...who, launcher, ...words, '--home', laptop.home], {
      env: { HOME: at('users') },
      expected,
    });
  };

  before(async () => {
    place = temporaryDirectory();
    chmodSync(place.path, 0o755);
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
    writeFileSync(at('letter'), 'Dear Ann,\n');
    await laptop.run(['backup', at('letter')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('is for its owner alone before, and that of a server for ever', async () => {
    assert.match((await as(member, ['snapshots'], 1)).stderr, /home .*\[home_(?:missing|not_private)\]/);
    const words = ['keystore', 'share', '--group'];
    assert.match((await laptop.run([...words, 'no-such-group'], 2)).stderr, /there is no group/);
    assert.match((await network.run([...words, String(gid)], 2)).stderr, /key of the server/);
  });

  it('has exactly the modes that are needed, and says what it exposes', async () => {
    const before = modes();
    const { stderr, stdout } = await laptop.run(['keystore', 'share', '--group', String(gid)]);
    assert.match(stderr, /every member can now use the identity of this machine/);
    assert.match(stderr, /every member can now use the key of a repository/);
    assert.match(stdout, /0640 +.*node\/stash/);
    const read = [
      'home.json',
      ...['keystore', 'stash', 'node.json', 'trust.json', 'shared.json'].map((name) => `node/${name}`),
    ];
    const now = modes();
    for (const name of ['', 'node']) assert.equal(now[name], `710 ${gid}`);
    for (const name of read) assert.equal(now[name], `640 ${gid}`);
    for (const [name, was] of Object.entries(before))
      if (name !== '' && name !== 'node' && !read.includes(name) && !name.includes('root-crls'))
        assert.equal(now[name], was, name);
    assert.match(
      (await laptop.run(['keystore', 'show'])).stderr,
      new RegExp(`every member of ${gid} can use`),
    );
  });

  it('is read by its members, who change nothing, and by nobody else', async () => {
    const before = modes();
    assert.match((await as(member, ['snapshots'])).stdout, /letter/);
    assert.match((await as(member, ['keystore', 'show'])).stdout, /holds +node/);
    assert.match(
      (await as(member, ['cert', 'renew', '--early'], 1)).stderr,
      /node\/keystore.*\[keystore_read_only\]/,
    );
    assert.match((await as(other, ['snapshots'], 1)).stderr, /home .*\[home_(?:missing|not_private)\]/);
    assert.deepEqual(modes(), before);
  });

  it('stays shared when its owner renews, and is refused where more than the group can read it', async () => {
    await laptop.run(['cert', 'renew', '--early']);
    assert.match((await as(member, ['snapshots'])).stdout, /letter/);
    for (const name of ['keystore', 'stash']) {
      chmodSync(inHome('node', name), 0o644);
      const { stderr } = await laptop.run(['trust', 'list'], 1);
      assert.match(
        stderr,
        new RegExp(`node/${name}: others have access.*mode 0644.*keystore_not_private`, 's'),
      );
      chmodSync(inHome('node', name), 0o640);
    }
  });

  it('is its owner’s alone again, and refused where the group can still read it', async () => {
    await laptop.run(['keystore', 'share', '--none']);
    const now = modes();
    for (const [name, mode] of Object.entries(now)) assert.match(mode, /^[67]00 /, name);
    chmodSync(inHome('node/keystore'), 0o640);
    assert.match(
      (await laptop.run(['trust', 'list'], 1)).stderr,
      /node\/keystore: others have access.*mode 0640/,
    );
    chmodSync(inHome('node/keystore'), 0o600);
    rmSync(at('users'), { recursive: true, force: true });
  });
});
