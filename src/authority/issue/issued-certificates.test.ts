import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { SampleHome } from '../authority.fixture.ts';

describe('the certificates on record', () => {
  it('are listed the newest first, and those that end soon the soonest first', async () => {
    await using home = await SampleHome.open();
    for (const name of ['alpha', 'beta', 'gamma']) {
      await home.node(name);
      home.clock.advance(dayMs);
    }
    const { certificates } = home.authority;
    const namesOf = async (filter: Parameters<typeof certificates.list>[0]): Promise<string[]> =>
      (await certificates.list(filter)).map(({ name }) => name);
    assert.deepEqual(await namesOf({ role: 'client' }), ['gamma', 'beta', 'alpha']);
    const [last] = await certificates.list({ name: 'beta' });
    assert.ok(last);
    const expiringBefore = new Date(last.certificate.notAfter.getTime() + 1);
    assert.deepEqual(await namesOf({ expiringBefore }), ['alpha', 'beta']);
    const [soonest] = await certificates.list({ expiringBefore, limit: 1 });
    assert.ok(soonest);
    assert.deepEqual(await namesOf({ expiringBefore, after: soonest.serial }), ['beta']);
    assert.deepEqual(await namesOf({ role: 'client', after: last.serial }), ['alpha']);
    assert.deepEqual(await namesOf({ role: 'client', after: last.serial, state: 'expired' }), []);
    assert.deepEqual(await namesOf({ expiringBefore, role: 'server' }), []);
  });

  it('are found by whether they have ended', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    home.clock.advance(dayMs);
    await home.node('beta');
    const { certificates } = home.authority;
    assert.deepEqual(await certificates.list({ state: 'expired' }), []);
    home.clock.advance(issued.certificate.notAfter.getTime() + 1000 - home.clock.now());
    const expired = await certificates.list({ state: 'expired', role: 'client' });
    assert.deepEqual(
      expired.map(({ name, state }) => [name, state]),
      [['alpha', 'expired']],
    );
    const valid = await certificates.list({ state: 'valid', role: 'client' });
    assert.deepEqual(
      valid.map(({ name }) => name),
      ['beta'],
    );
  });
});
