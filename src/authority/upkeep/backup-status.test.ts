import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { SampleHome } from '../authority.fixture.ts';

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
  await home.authority.backups.write({ path: join(home.path, 'here.age'), by: 'admin/local' });
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
  await home.authority.backups.write({ path: join(home.path, 'here.age'), by: 'admin/local' });
  assert.match((await warnings(home)).join(), /^the newest backup .* same file system/);
  const elsewhere = await mkdtemp('/dev/shm/holdfast-backup-');
  try {
    home.clock.advance(1000);
    await home.authority.backups.write({ path: join(elsewhere, 'there.age'), by: 'admin/local' });
    assert.deepEqual(await warnings(home), []);
    home.clock.advance(8 * dayMs);
    assert.match((await warnings(home)).join(), /^the newest backup .* holdfast ca backup FILE$/);
  } finally {
    await rm(elsewhere, { recursive: true });
  }
});
