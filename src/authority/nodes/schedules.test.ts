import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, hourMs, silentLog } from '../../base/index.ts';
import { SampleHome, sampleSchedule } from '../authority.fixture.ts';

const by = 'admin/ann';
const sample = { ...sampleSchedule, by };

test('a schedule starts each of its jobs once, and once for all the times that no server was there', async () => {
  await using home = await SampleHome.open();
  for (const name of ['alpha', 'beta', 'gamma']) await home.node(name);
  const revoked = { role: 'client', name: 'gamma' } as const;
  await home.authority.revocation.revoke(
    { kind: 'identity', identity: revoked },
    { by, reason: 'unspecified' },
  );
  const { schedules, jobs } = home.authority;
  const add = { ...sample, name: 'nightly', every: 'daily 02:30' };
  const { nextAt } = await schedules.add(add);
  await assert.rejects(schedules.add(add), { code: 'schedule_exists' });
  await assert.rejects(schedules.add({ ...add, name: 'x', zone: 'Mars/Base' }), { code: 'schedule_invalid' });
  await assert.rejects(schedules.add({ ...add, name: 'x', nodes: ['nobody'] }), { code: 'object_not_found' });
  const started = async () => (await jobs.list({ limit: 100 })).map(({ node, state }) => `${node} ${state}`);
  home.clock.advance(nextAt.getTime() - home.clock.now() - 1);
  await schedules.startDue(silentLog);
  assert.deepEqual(await started(), []);
  home.clock.advance(1);
  await Promise.all([schedules.startDue(silentLog), schedules.startDue(silentLog)]);
  assert.deepEqual(await started(), ['beta waiting', 'alpha waiting']);
  const [job] = await jobs.openOf('alpha');
  assert.deepEqual([job?.by, job?.order], ['schedule/nightly', sample.order]);
  home.clock.advance(5 * dayMs);
  await home.reopen();
  const again = home.authority;
  await again.schedules.startDue(silentLog);
  await again.schedules.startDue(silentLog);
  assert.equal((await again.jobs.list({ limit: 100 })).length, 4);
  await again.schedules.remove('nightly', by);
  await assert.rejects(again.schedules.remove('nightly', by), { code: 'object_not_found' });
  home.clock.advance(5 * dayMs);
  await again.schedules.startDue(silentLog);
  assert.equal((await again.jobs.list({ limit: 100 })).length, 4);
  await again.audit.verify();
});

test('a client whose job of the time before is not over gets none, and one that is named gets its own', async () => {
  await using home = await SampleHome.open();
  for (const name of ['alpha', 'beta']) await home.node(name);
  const { schedules, jobs } = home.authority;
  await schedules.add({ ...sample, name: 'hourly', every: '1h', nodes: ['alpha'] });
  await schedules.startDue(silentLog);
  const [job] = await jobs.openOf('alpha');
  assert.ok(job);
  const claim = { node: 'alpha', id: job.id, created: job.createdAt.toISOString() };
  await jobs.begin(claim);
  home.clock.advance(hourMs);
  await schedules.startDue(silentLog);
  assert.equal((await jobs.list({ limit: 9 })).length, 1);
  await jobs.end({ ...claim, outcome: { result: 'done' } });
  home.clock.advance(hourMs);
  await schedules.startDue(silentLog);
  assert.deepEqual(
    (await jobs.list({ limit: 9 })).map(({ node }) => node),
    ['alpha', 'alpha'],
  );
  const [entry] = await schedules.list();
  assert.equal(entry?.nextAt.getTime(), home.clock.now() + hourMs);
});
