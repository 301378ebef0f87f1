import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
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

test('a job of a machine that is not heard of any more is lost, until that says what came of it', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  await home.node('beta');
  const { jobs, nodes, audit } = home.authority;
  const start = async (node: string) => {
    const expiresAt = new Date(home.clock.now() + hourMs);
    const { id, createdAt } = await jobs.start({ node, order, expiresAt, by });
    return { node, id, created: createdAt.toISOString() };
  };
  const [gone, seen, waiting] = [await start('alpha'), await start('beta'), await start('alpha')];
  await jobs.begin(gone);
  await jobs.begin(seen);
  home.clock.advance(3 * dayMs - minuteMs);
  await nodes.note([sighting('beta', home.clock.now())]);
  await jobs.endLost();
  assert.equal((await jobs.find(gone.id)).state, 'running');
  home.clock.advance(minuteMs);
  await jobs.endLost();
  const states = async () =>
    await Promise.all([gone, seen, waiting].map(async ({ id }) => (await jobs.find(id)).state));
  assert.deepEqual(await states(), ['lost', 'running', 'expired']);
  await assert.rejects(jobs.begin(gone), { code: 'job_over' });
  await jobs.end({ ...gone, outcome: { result: 'done', exit: 0 } });
  await assert.rejects(jobs.end({ ...gone, outcome: { result: 'failed' } }), { code: 'job_over' });
  await jobs.giveUp(seen.id, by);
  assert.deepEqual(await states(), ['done', 'lost', 'expired']);
  assert.deepEqual(await jobs.openOf('beta'), []);
  await audit.verify();
});

function sighting(name: string, seenMs: number) {
  const seenAt = new Date(seenMs);
  return {
    role: 'client',
    name,
    kind: 'tls',
    service: 'control',
    seenAt,
    address: '',
    listener: '',
    weaker: [],
  } as const;
}
