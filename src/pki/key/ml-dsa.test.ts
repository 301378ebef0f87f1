import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { type Holder, sampleCertificate } from '../../../test/rig/sample-certificates.ts';
import {
  certificatePem,
  createName,
  describePublicKey,
  exportPrivateKey,
  exportPublicKey,
  importPrivateKey,
  keyKind,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../index.ts';

const sets = { 'ml-dsa-44': 'ML-DSA-44', 'ml-dsa-65': 'ML-DSA-65', 'ml-dsa-87': 'ML-DSA-87' } as const;

for (const [name, parameterSet] of Object.entries(sets)) {
  const type = name as keyof typeof sets;
  const made = async (commonName: string, issuer?: Holder): Promise<Holder> =>
    sampleCertificate({
      subject: createName({ CN: commonName }),
      keys: generateKeyPairSync(type),
      ...(issuer && { issuer }),
    });

  test(`a key of ${parameterSet} is known by its name, and kept`, () => {
    const { privateKey, publicKey } = generateKeyPairSync(type);
    const spki = exportPublicKey(publicKey);
    assert.deepEqual(describePublicKey(spki), { kind: 'ml-dsa', parameterSet });
    assert.equal(keyKind(spki), type);
    assert.deepEqual(exportPublicKey(importPrivateKey(exportPrivateKey(privateKey))), spki);
    const short = Buffer.concat([Buffer.from(spki)]);
    short.writeUInt16BE(short.readUInt16BE(2) - 1, 2);
    assert.throws(() => describePublicKey(short.subarray(0, -1)), { code: 'key_malformed' });
  });

  test(`a certificate that ${parameterSet} signs is verified here as OpenSSL verifies it, and no other`, async () => {
    const [issuer, other] = [await made('issuer'), await made('issuer')];
    const leaf = await made('leaf', issuer);
    const [parsed, above, beside] = [leaf, issuer, other].map(({ der }) => parseCertificate(der));
    assert.ok(parsed && above && beside);
    assert.equal(parsed.signatureAlgorithm.name, parameterSet);
    assert.ok(verifyCertificateSignature(parsed, publicKeyOf(above)));
    assert.ok(new X509Certificate(certificatePem(leaf.der)).verify(issuer.keys.publicKey));
    assert.ok(!verifyCertificateSignature(parsed, publicKeyOf(beside)));
    const another = await sampleCertificate({
      keys: generateKeyPairSync(type === 'ml-dsa-44' ? 'ml-dsa-65' : 'ml-dsa-44'),
    });
    assert.ok(!verifyCertificateSignature(parsed, publicKeyOf(parseCertificate(another.der))));
  });
}
