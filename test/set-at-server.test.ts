import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { acceptClock, daysLater } from './rig/clock.ts';
import { startHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

describe('a backup set at the server', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let laptop: NetworkClient;
  const at = (...names: string[]): string => join(place.path, ...names);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    network = await Network.start(at('server'));
    laptop = await network.join('laptop', at('laptop'));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('lets snapshots go where the server allows it; where it does not, the backup counts and status tells', async () => {
    const runs = async (): Promise<{ removed: number; code?: string; freed?: number }> => {
      writeFileSync(at('data/file'), `${Math.random()}`.repeat(1000));
      await laptop.run(['set', 'run', 'data']);
      const { stdout } = await laptop.run(['set', 'show', 'data', '--json']);
      const { attempts } = JSON.parse(stdout) as { attempts: { forgot: Awaited<ReturnType<typeof runs>> }[] };
      return attempts[0]?.forgot ?? { removed: -1 };
    };
    await laptop.run(['set', 'add', 'data', at('data'), '--every', '6h', '--keep', 'last=1']);
    assert.equal((await runs()).removed, 0);
    assert.deepEqual(
      [await runs()].map(({ removed, code }) => [removed, code]),
      [[0, 'append_only']],
    );
    const { stderr, stdout } = await laptop.run(['status', '--check'], 4);
    assert.match(`${stdout}${stderr}`, /the rule of the set data is not applied: .* \[append_only\]; next: /);
    await network.run(['node', 'set', 'laptop', 'prune', 'on']);
    const { removed, code, freed = 0 } = await runs();
    assert.deepEqual([removed, code, freed > 0], [2, undefined, true]);
  });

  it('is not needed to renew a certificate: the agent does', async () => {
    await laptop.run(['set', 'remove', 'data']);
    await network.server.stop();
    await acceptClock(network.home, daysLater(25));
    await network.restart(daysLater(25));
    await using agent = startHoldfast(['agent', '--home', laptop.home], { env: daysLater(25) });
    await agent.waitFor(/"the certificate is renewed"/);
    const { code, stderr } = await agent.stop();
    assert.equal(code, 0, stderr);
  });
});
