import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
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

it('tells a client that administering is not its business', async () => {
  using directory = temporaryDirectory();
  await using network = await Network.start(join(directory.path, 'server'));
  const laptop = await network.join('laptop', join(directory.path, 'laptop'));
  const { stderr } = await laptop.run(['token', 'create', 'another'], 1);
  assert.match(stderr, /no authority.*\[home_missing\]/);
  assert.match(stderr, /--role admin/);
});
