import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
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

async function warnings(home: SampleHome): Promise<string[]> {
  const { warnings: all } = await home.authority.status();
  return all.filter((sentence) => sentence.includes('backup of the authority'));
}

it('the next backup is due a week after the newest, or after the authority was made', async () => {
  await using home = await SampleHome.open();
  const createdAt = home.clock.now();
  home.clock.advance(dayMs);
  const before = (await home.authority.status()).backup;
  assert.deepEqual(before, { scheduled: false, dueAt: new Date(createdAt + 7 * dayMs) });
  await home.backUp(join(home.path, 'here.age'));
  const { newest, dueAt } = (await home.authority.status()).backup;
  assert.deepEqual(
    [newest?.name, newest?.place, newest?.madeAt],
    ['here.age', home.path, new Date(home.clock.now())],
  );
  assert.deepEqual(dueAt, new Date(home.clock.now() + 7 * dayMs));
});

it('an authority says that it has no backup, an old one, or one that dies with its disk', async () => {
  await using home = await SampleHome.open();
  assert.deepEqual(await warnings(home), []);
  home.clock.advance(8 * dayMs);
  assert.match((await warnings(home)).join(), /^there is no backup/);
  await home.backUp(join(home.path, 'here.age'));
  assert.match((await warnings(home)).join(), /^the newest backup .* same file system/);
  const elsewhere = await mkdtemp('/dev/shm/holdfast-backup-');
  try {
    home.clock.advance(1000);
    await home.backUp(join(elsewhere, 'there.age'));
    assert.deepEqual(await warnings(home), []);
    home.clock.advance(8 * dayMs);
    assert.match((await warnings(home)).join(), /^the newest backup .* holdfast ca backup FILE$/);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});
