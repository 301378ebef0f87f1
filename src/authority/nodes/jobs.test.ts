import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hourMs } from '../../base/index.ts';
import { maxOpenJobs } from '../../enrol/index.ts';
import { SampleHome } from '../authority.fixture.ts';

const by = 'admin/ann';
const order = { kind: 'backup', set: 'documents' } as const;

test('a job is begun once and ends once, by its own client and as it was told', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  const { jobs } = home.authority;
  const expiresAt = new Date(home.clock.now() + hourMs);
  const { id, createdAt } = await jobs.start({ node: 'alpha', order, expiresAt, by });
  const claim = { node: 'alpha', id, created: createdAt.toISOString() };
  const missing = { code: 'object_not_found' };
  await assert.rejects(jobs.begin({ ...claim, node: 'beta' }), missing);
  await assert.rejects(jobs.begin({ ...claim, created: new Date(0).toISOString() }), missing);
  await assert.rejects(jobs.begin({ ...claim, id: id + 1 }), missing);
  await jobs.begin(claim);
  await jobs.begin(claim);
  assert.equal((await jobs.find(id)).state, 'running');
  assert.equal((await jobs.stop(id, by)).state, 'stopping');
  const outcome = { result: 'stopped', exit: 130 } as const;
  await jobs.end({ ...claim, outcome });
  assert.deepEqual((await jobs.find(id)).outcome, outcome);
  const over = { code: 'job_over' };
  await assert.rejects(jobs.end({ ...claim, outcome: { result: 'done' } }), over);
  await assert.rejects(jobs.begin(claim), over);
  await assert.rejects(jobs.stop(id, by), over);
  await home.authority.audit.verify();
});

test('a job that nobody begins expires, and no client has more than some that are not over', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  const { jobs } = home.authority;
  const expiresAt = new Date(home.clock.now() + hourMs);
  const start = async () => await jobs.start({ node: 'alpha', order, expiresAt, by });
  const { id, createdAt } = await start();
  for (let more = 1; more < maxOpenJobs; more += 1) await start();
  await assert.rejects(start(), { code: 'job_queue_full' });
  assert.equal((await jobs.openOf('alpha')).length, maxOpenJobs);
  home.clock.advance(hourMs);
  assert.deepEqual(await jobs.openOf('alpha'), []);
  assert.equal((await jobs.find(id)).state, 'expired');
  const claim = { node: 'alpha', id, created: createdAt.toISOString() };
  await assert.rejects(jobs.begin(claim), { code: 'job_over' });
  await assert.rejects(jobs.start({ node: 'nobody', order, expiresAt, by }), { code: 'object_not_found' });
});
