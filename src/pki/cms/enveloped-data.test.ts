import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, type Bytes, isHoldfastError } from '../../base/index.ts';
import {
  certificatePem,
  exportPrivateKey,
  parseCertificate,
  privateKeyPem,
  sealToCertificate,
  unsealWithKey,
} from '../index.ts';
import { mutate, seededRandom } from '../mutation.fixture.ts';
import { sampleNetwork } from '../network.fixture.ts';
import { Openssl } from '../openssl.fixture.ts';

const content = Buffer.from('what opens a repository');
const { leaf, root } = await sampleNetwork('p256');
const own = { certificate: parseCertificate(leaf.der), privateKey: leaf.keys.privateKey };

for (const algorithm of ['p256', 'p384', 'p521'] as const) {
  test(`what is sealed to a key on ${algorithm} is opened by it, and by openssl cms`, async () => {
    const sample = await sampleNetwork(algorithm);
    const certificate = parseCertificate(sample.leaf.der);
    const sealed = sealToCertificate(content, certificate);
    const opened = unsealWithKey(sealed, { certificate, privateKey: sample.leaf.keys.privateKey });
    assert.deepEqual(asBuffer(opened), content);
    await using openssl = await Openssl.open();
    await openssl.write('sealed.p7', sealed);
    await openssl.write('leaf.pem', certificatePem(sample.leaf.der));
    await openssl.write('leaf.key', privateKeyPem(exportPrivateKey(sample.leaf.keys.privateKey)));
    const files = [
      '-in',
      'sealed.p7',
      '-inform',
      'DER',
      '-recip',
      'leaf.pem',
      '-inkey',
      'leaf.key',
      '-out',
      'out',
    ];
    await openssl.run('cms', '-decrypt', '-binary', ...files);
    assert.deepEqual(await openssl.read('out'), content);
  });
}

test('it is opened by no other certificate, and by no other key', async () => {
  const sealed = sealToCertificate(content, own.certificate);
  refused(sealed, { ...own, certificate: parseCertificate(root.der) });
  refused(sealed, { ...own, privateKey: root.keys.privateKey });
});

test('nothing is sealed to a key that makes signatures alone, or of RSA', async () => {
  for (const algorithm of ['ed25519', 'rsa2048'] as const) {
    const certificate = parseCertificate((await sampleNetwork(algorithm)).leaf.der);
    assert.throws(
      () => sealToCertificate(content, certificate),
      (error: unknown) => isHoldfastError(error, 'key_unsupported'),
    );
  }
});

test('no damage to what is sealed goes unnoticed', () => {
  const sealed = sealToCertificate(content, own.certificate);
  const random = seededRandom(11);
  for (let round = 0; round < 1000; round += 1) {
    const damaged = mutate(sealed, random);
    try {
      assert.deepEqual(asBuffer(unsealWithKey(damaged, own)), content);
    } catch (error) {
      assert.ok(isHoldfastError(error, 'sealed_invalid'), String(error));
    }
  }
});

function refused(sealed: Bytes, by: Parameters<typeof unsealWithKey>[1]): void {
  assert.throws(
    () => unsealWithKey(sealed, by),
    (error: unknown) => isHoldfastError(error, 'sealed_invalid'),
  );
}
