import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { SampleHome } from '../authority.fixture.ts';

it('status says what there is and what wants doing', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  await home.code('gamma');
  const status = await home.authority.status();
  assert.equal(status.root.daysLeft, Math.floor((status.root.notAfter.getTime() - home.clock.now()) / dayMs));
  assert.equal(status.root.fingerprint, home.authority.root.fingerprint);
  assert.deepEqual(status.nodes, { client: 2 });
  assert.deepEqual(
    [status.liveJoinCodes, status.escrowedRepositories, status.ending, status.warnings],
    [1, 0, [], []],
  );
  const [warning] = (await home.authority.status({ kitPath: '/home/kit.txt' })).warnings;
  assert.match(warning ?? '', /recovery kit is still at \/home\/kit\.txt/);
  home.clock.advance(25 * dayMs);
  assert.deepEqual(
    (await home.authority.status()).ending.map(({ name }) => name),
    ['alpha', 'beta'],
  );
});
