import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { hourMs, silentLog } from '../src/base/index.ts';
import { OrderDesk } from '../src/server/orders/order-desk.ts';

const order = { kind: 'backup', set: 'documents' } as const;

test('an answer is held until there is something else to do, for a thousand clients as for one', async () => {
  await using home = await SampleHome.open();
  await home.node('alpha');
  const { authority } = home;
  await using desk = new OrderDesk({ authority, log: silentLog });
  const gone = new AbortController().signal;
  const nothing = await desk.ordersOf({ node: 'alpha', known: undefined, gone });
  assert.deepEqual(JSON.parse(nothing?.text ?? ''), { version: 1, jobs: [] });
  const known = nothing?.tag;
  const others = Array.from({ length: 1000 }, (_, at) => desk.ordersOf({ node: `n${at}`, known, gone }));
  const held = desk.ordersOf({ node: 'alpha', known, gone });
  const expiresAt = new Date(home.clock.now() + hourMs);
  const { id } = await authority.jobs.start({ node: 'alpha', order, expiresAt, by: 'admin/ann' });
  const told = await held;
  assert.equal(JSON.parse(told?.text ?? '').jobs[0].id, id);
  const again = desk.ordersOf({ node: 'alpha', known: told?.tag, gone });
  await authority.jobs.stop(id, 'admin/ann');
  assert.equal((await again)?.text, nothing?.text);
  await desk[Symbol.asyncDispose]();
  assert.ok((await Promise.all(others)).every((each) => each === undefined));
});

test('who waits goes after a while, when the line is cut, and when others of its name come', async () => {
  await using home = await SampleHome.open();
  await using desk = new OrderDesk({ authority: home.authority, log: silentLog, holdMs: 50 });
  const cut = new AbortController();
  const wish = { node: 'alpha', gone: cut.signal };
  const known = (await desk.ordersOf({ ...wish, known: undefined }))?.tag;
  assert.equal(await desk.ordersOf({ ...wish, known }), undefined);
  await using patient = new OrderDesk({ authority: home.authority, log: silentLog });
  const waiting = [1, 2, 3].map(async (at) => {
    await patient.ordersOf({ ...wish, known });
    return at;
  });
  assert.equal(await Promise.race(waiting), 1);
  cut.abort();
  assert.deepEqual(await Promise.all(waiting), [1, 2, 3]);
});
