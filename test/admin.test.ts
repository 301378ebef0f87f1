import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { acquireProcessLock } from '../src/db/index.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { Network } from './rig/network.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

it('lets a person with an admin certificate administer from another machine, under their own name', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'server'));
  const ada = network.client('ada', join(directory.path, 'ada'));
  const joined = await ada.run(['join', await network.joinCode('ada', ['--role', 'admin'])]);
  assert.match(joined.stdout, /next +holdfast request list/);
  const { stdout: code } = await ada.run(['token', 'create', 'laptop']);
  const laptop = network.client('laptop', join(directory.path, 'laptop'));
  await laptop.run(['join', code.trim()]);
  const { stdout } = await ada.run(['cert', 'list', '--json']);
  const identities = (JSON.parse(stdout) as { identity: string }[]).map(({ identity }) => identity);
  assert.ok(identities.includes('spiffe://network.test/client/laptop'));
});

it('backs the authority up onto the machine of an administrator, for the recovery kit alone', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'server'));
  const ada = network.client('ada', join(directory.path, 'ada'));
  await ada.run(['join', await network.joinCode('ada', ['--role', 'admin'])]);
  const file = join(directory.path, 'hers.age');
  const { stdout } = await ada.run(['ca', 'backup', file]);
  assert.match(stdout, /opens with +the recovery key/);
  const kit = ['--kit', join(network.home, 'recovery-kit.txt')];
  const rehearsal = await network.run(['ca', 'rehearse', file, ...kit, '--json']);
  assert.deepEqual(
    (({ good, depth }) => [good, depth])(JSON.parse(rehearsal.stdout) as { good: boolean; depth: string }),
    [true, 'opened'],
  );
  const [newest] = JSON.parse((await network.run(['audit', 'list', '--kind', 'backed up', '--json'])).stdout);
  assert.equal(newest?.by, 'admin/ada');
  const password = join(directory.path, 'password');
  writeFileSync(password, 'correct horse\n');
  const other = join(directory.path, 'other.age');
  for (const words of [
    ['ca', 'backup', other, '--password-file', password],
    ['ca', 'backup', '--to', directory.path],
    ['ca', 'move', other],
    ['ca', 'rehearse', file],
  ]) {
    const { stderr } = await ada.run(words, 23);
    assert.match(stderr, /on the server's machine only.*\[operation_forbidden\]/);
  }
  assert.equal(existsSync(other), false);
  const { stderr } = await ada.run(['ca', 'backup'], 1);
  assert.match(stderr, /settings of the server name no place.*\[object_not_found\]/);
});

it('tells a client that administering is not its business', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'server'));
  const laptop = await network.join('laptop', join(directory.path, 'laptop'));
  const { stderr } = await laptop.run(['token', 'create', 'another'], 1);
  assert.match(stderr, /no authority.*\[home_missing\]/);
  assert.match(stderr, /--role admin/);
});

it('waits at a home that another process holds: a server that does not answer yet, or another command', async () => {
  using directory = temporaryDirectory();
  const home = join(directory.path, 'home');
  await runProgram(launcher, ['init', '--home', home, '--names', 'vault.example']);
  const lock = acquireProcessLock(join(home, 'lock.db'));
  assert.ok('release' in lock);
  const asked = runProgram(launcher, ['token', 'create', 'laptop', '--home', home]);
  const isThrough = asked.then(() => true);
  assert.equal(await Promise.race([isThrough, sleep(1500, false)]), false);
  lock.release();
  assert.match((await asked).stdout, /\S/);
});
