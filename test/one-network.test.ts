import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './rig/free-ports.ts';
import { launcher, runHoldfast, runProgram } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a home is of one network', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    mkdirSync(at('data'));
    writeFileSync(at('data/file'), 'content');
    await runProgram(launcher, [
      'init',
      '--network',
      'other.test',
      '--names',
      'localhost',
      '--home',
      at('other'),
    ]);
    await runProgram(launcher, ['ca', 'backup', at('other.age'), '--home', at('other')]);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('so no authority begins where a machine of another network is, and it is told how to back up', async () => {
    const port = String(await freePorts());
    const refusal = { code: 'node_already_joined', exit: 1, message: /client\/laptop/ } as const;
    const up = ['up', '--once', '--port', port, at('data')];
    const failed = await runHoldfast([...up, '--home', client.home, '--json']);
    const { code, message, hint } = errorIn(failed);
    assert.deepEqual([failed.code, code], [1, 'node_already_joined'], message);
    assert.match(hint, /holdfast backup PATH/);
    const kit = ['--kit', at('other/recovery-kit.txt'), '--log-is-lost', 'a test'];
    for (const words of [['init'], ['init', '--port', port], ['ca', 'restore', at('other.age'), ...kit]])
      await assertRefused([...words, '--home', client.home], { ...refusal, untouched: client.home });
    await client.run(['backup', at('data')]);
  });

  it('so no machine joins in the home of another authority', async () => {
    const words = ['join', await network.joinCode('other'), '--home', at('other')];
    await assertRefused(words, {
      code: 'home_exists',
      exit: 1,
      message: /other\.test.*network\.test/,
      untouched: at('other'),
    });
    assert.equal((await network.client('other', at('third')).run(words.slice(0, 2))).code, 0);
  });

  it('so none begins where only the directory of the authority is gone', async () => {
    await network.server.stop();
    renameSync(join(network.home, 'authority'), at('authority'));
    for (const words of [['init'], ['up', at('data')]]) {
      const failed = await runHoldfast([...words, '--home', network.home, '--json']);
      const { code, hint } = errorIn(failed);
      assert.equal(code, 'authority_damaged', failed.stderr);
      assert.match(hint, /ca restore/);
    }
    renameSync(at('authority'), join(network.home, 'authority'));
    await network.restart();
  });
});
