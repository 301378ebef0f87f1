import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs } from '../../base/index.ts';
import { createNodeRequest, type SignedCheckpoint, signCheckpoint } from '../../enrol/index.ts';
import { type Certificate, generateKeyPair, type Identity, type KeyPair } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { refused, SampleHome } from '../authority.fixture.ts';
import type { Issued } from '../issue/issue.ts';
import { authorityDirectory } from '../records/authority-files.ts';

const alpha: Identity = { network: 'backup.example', role: 'client', name: 'alpha' };

function renew(
  home: SampleHome,
  { serial }: Certificate,
  { privateKey }: KeyPair,
  more: { identity?: Identity; checkpoint?: SignedCheckpoint } = {},
): Promise<Issued> {
  const { identity = alpha, checkpoint } = more;
  const request = Buffer.from(createNodeRequest(identity, privateKey).request, 'base64');
  return home.authority.renew({ identity, serial, request, checkpoint });
}

describe('renewing', () => {
  it('gives the same identity a new certificate for a new key, and the same one when it is asked again', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    home.clock.advance(20 * dayMs);
    const keys = await generateKeyPair('p384');
    const next = await renew(home, issued.certificate, keys);
    assert.deepEqual(next.certificate.identity, alpha);
    assert.notEqual(next.certificate.serial, issued.certificate.serial);
    assert.equal(next.certificate.notAfter.getTime(), home.clock.now() + 30 * dayMs);
    home.clock.advance(dayMs);
    assert.deepEqual((await renew(home, issued.certificate, keys)).chain, next.chain);
    assert.equal((await home.authority.certificates.list({ name: 'alpha' })).length, 2);
  });

  it('takes the present key too, and no key from before it', async () => {
    await using home = await SampleHome.open();
    const first = await home.node('alpha');
    const again = await renew(home, first.issued.certificate, first.keys);
    assert.deepEqual(again.certificate.spki, first.issued.certificate.spki);
    const later = await renew(home, again.certificate, await generateKeyPair('p256'));
    await refused('request_not_allowed', renew(home, later.certificate, first.keys), 'older certificate');
  });

  it('keeps the host names of the certificate that is renewed', async () => {
    await using home = await SampleHome.open();
    const server = await home.local('server', 'vault', ['vault.example', '192.0.2.7']);
    const identity: Identity = { ...alpha, role: 'server', name: 'vault' };
    const next = await renew(home, server.certificate, await generateKeyPair('p256'), { identity });
    assert.deepEqual(
      next.certificate.extensions.subjectAltNames,
      server.certificate.extensions.subjectAltNames,
    );
  });

  it('is refused with a certificate that is unknown, expired, revoked or of somebody else', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    const other = await home.node('beta');
    const keys = await generateKeyPair('p256');
    await refused('certificate_not_allowed', renew(home, other.issued.certificate, keys));
    await refused('certificate_not_allowed', renew(home, home.authority.issuing, keys));
    await refused('request_not_allowed', renew(home, issued.certificate, other.keys), 'another identity');
    await home.enrol(await home.code('alpha', { reissue: true }));
    await refused('certificate_revoked', renew(home, issued.certificate, keys));
    home.clock.advance(31 * dayMs);
    await refused(
      'certificate_expired',
      renew(home, other.issued.certificate, keys, { identity: { ...alpha, name: 'beta' } }),
    );
  });

  it('does not go beyond the issuing certificate, and ends with it', async () => {
    await using home = await SampleHome.open();
    const { notAfter } = home.authority.issuing;
    home.clock.advance(notAfter.getTime() - home.clock.now() - 10 * dayMs);
    const server = await home.local('server', 'vault', ['vault.example']);
    assert.deepEqual(server.certificate.notAfter, notAfter);
    home.clock.advance(11 * dayMs);
    await refused('certificate_expired', home.local('server', 'vault'), 'issuing certificate');
  });

  it('stops when a node was shown more than this authority knows', async () => {
    await using home = await SampleHome.open();
    const { issued } = await home.node('alpha');
    const checkpoint = home.authority.checkpoint();
    const keys = await generateKeyPair('p256');
    await renew(home, issued.certificate, keys, { checkpoint });
    const seen = JSON.parse(checkpoint.checkpoint) as { epoch: number; sequence: number };
    const keystore = await Keystore.open(authorityDirectory(home.path));
    const signed = (change: object): SignedCheckpoint =>
      signCheckpoint(
        { ...(JSON.parse(checkpoint.checkpoint) as Parameters<typeof signCheckpoint>[0]), ...change },
        keystore.key('issuing-1'),
      );
    const fromOutside = signCheckpoint(
      { ...(JSON.parse(checkpoint.checkpoint) as Parameters<typeof signCheckpoint>[0]), epoch: 9 },
      keys.privateKey,
    );
    await renew(home, issued.certificate, keys, { checkpoint: fromOutside });
    for (const change of [{ sequence: seen.sequence + 100 }, { epoch: seen.epoch + 1, sequence: 1 }]) {
      await refused(
        'authority_superseded',
        renew(home, issued.certificate, keys, { checkpoint: signed(change) }),
      );
    }
  });
});
