import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hourMs, minuteMs, silentLog } from '../../base/index.ts';
import { createNodeRequest } from '../../enrol/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import { RepeatedRefusals } from './refusals.ts';

/** A home with a client, and a way to ask for its renewal in vain. */
async function withRefused(): Promise<{
  readonly home: SampleHome;
  readonly fail: (times: number) => Promise<void>;
}> {
  const home = await SampleHome.open();
  const { issued, keys } = await home.node('alpha');
  const { certificate } = issued;
  const identity = { network: 'backup.example', role: 'client', name: 'alpha' } as const;
  await home.authority.revocation.revoke(
    { kind: 'certificate', serial: certificate.serial },
    { reason: 'superseded', by: 'admin/ann' },
  );
  const request = Buffer.from(createNodeRequest(identity, keys.privateKey).request, 'base64');
  return {
    home,
    fail: async (times) => {
      for (let at = 0; at < times; at += 1)
        await refused(
          'certificate_revoked',
          home.authority.renew({ identity, serial: certificate.serial, request }),
        );
    },
  };
}

async function refusals(home: SampleHome): Promise<unknown[]> {
  const records = await home.authority.log.list({ after: 0, limit: 1000 });
  return records
    .filter((record) => record.kind === 'refused')
    .map(({ by, details }) => [by, details.code, details.repeated ?? 'first']);
}

const first = ['client/alpha', 'certificate_revoked', 'first'];
const repeated = (count: number): unknown[] => ['client/alpha', 'certificate_revoked', count];

test('a node that is refused again and again has one record an hour', async () => {
  const { home, fail } = await withRefused();
  await using _home = home;
  await fail(50);
  assert.deepEqual(await refusals(home), [first]);
  home.clock.advance(hourMs);
  await fail(1);
  assert.deepEqual(await refusals(home), [first, repeated(50)]);
  await fail(10);
  home.clock.advance(hourMs);
  await home.authority.maintain(silentLog);
  assert.deepEqual(await refusals(home), [first, repeated(50), repeated(10)]);
});

test('a node that was not refused for an hour has a record of its own again', async () => {
  const { home, fail } = await withRefused();
  await using _home = home;
  await fail(1);
  home.clock.advance(hourMs + minuteMs);
  await home.authority.maintain(silentLog);
  await fail(1);
  assert.deepEqual(await refusals(home), [first, first]);
});

test('refusals that say different things are told apart, and not without end', async () => {
  await using home = await SampleHome.open();
  const { log } = home.authority;
  const refusals = new RepeatedRefusals(log, home.clock);
  for (let round = 0; round < 2; round += 1)
    for (let at = 0; at < 30; at += 1)
      await refusals.record('192.0.2.1', { code: 'name_not_permitted', message: `name ${at} is outside` });
  await refusals.record('192.0.2.2', { code: 'name_not_permitted', message: 'name 0 is outside' });
  await refusals.flush('all');
  const details = (await log.list({ after: 0, limit: 100 }))
    .filter((record) => record.kind === 'refused')
    .map(({ details }) => details.message ?? details.repeated);
  const names = Array.from({ length: 10 }, (_, at) => `name ${at} is outside`);
  assert.deepEqual(details, [...names, 'name 0 is outside', 50]);
});

test('what was counted is on record when the authority is closed', async () => {
  const { home, fail } = await withRefused();
  await using _home = home;
  await fail(3);
  await home.reopen();
  assert.deepEqual(await refusals(home), [first, repeated(2)]);
});
