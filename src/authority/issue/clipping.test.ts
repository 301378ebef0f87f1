import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, Secret } from '../../base/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';

/** A home whose root is offline, so that the issuing certificate is not replaced, with `leftMs` of it left. */
async function nearTheEnd(leftMs: number): Promise<SampleHome> {
  const home = await SampleHome.open();
  const passphrase = new Secret('kept in a safe');
  const { text } = await home.authority.custody.sealRoot({ passphrase });
  const order = { passphrase, sealed: Buffer.from(text), file: '/media/safe/root.age', by: 'admin/local' };
  await home.authority.custody.takeOffline(order);
  home.clock.advance(home.authority.issuing.notAfter.getTime() - home.clock.now() - leftMs);
  return home;
}

describe('a certificate', () => {
  it('ends with its issuer at the latest, and the log says so', async () => {
    await using home = await nearTheEnd(20 * dayMs);
    const { certificate } = (await home.node('alpha')).issued;
    assert.deepEqual(certificate.notAfter, home.authority.issuing.notAfter);
    assert.equal(home.authority.custody.isClipped(certificate), true);
    const [last] = (await home.authority.log.list()).slice(-1);
    assert.equal(last?.kind === 'issued' && last.details.clipped, true);
  });

  it('that is not clipped says nothing of it', async () => {
    await using home = await nearTheEnd(60 * dayMs);
    const { certificate } = (await home.node('alpha')).issued;
    assert.equal(home.authority.custody.isClipped(certificate), false);
    const [last] = (await home.authority.log.list()).slice(-1);
    assert.equal(last !== undefined && 'clipped' in last.details, false);
  });

  it('is not issued for less than a day', async () => {
    await using home = await nearTheEnd(dayMs + hourMs);
    await home.node('alpha');
    home.clock.advance(2 * hourMs);
    await refused('issuer_ending', home.node('beta'), 'issuing-1 ends 2031-11-21');
  });
});
