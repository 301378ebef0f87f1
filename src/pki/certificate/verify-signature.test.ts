import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type Certificate, parseCertificate, publicKeyOf, verifyCertificateSignature } from '../index.ts';
import { ecKey, selfSigned } from '../openssl.fixture.ts';

const rsa = ['-newkey', 'rsa:2048'];
const pss = [...rsa, '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'];

/** What openssl is asked for, the name of the algorithm, and how its signature is verified. */
const makings: readonly (readonly [
  string,
  readonly string[],
  Certificate['signatureAlgorithm']['scheme'],
])[] = [
  ['ecdsa-with-SHA256', [...ecKey('P-256'), '-sha256'], { kind: 'ecdsa', hash: 'sha256' }],
  ['ecdsa-with-SHA384', [...ecKey('P-384'), '-sha384'], { kind: 'ecdsa', hash: 'sha384' }],
  ['ecdsa-with-SHA512', [...ecKey('P-521'), '-sha512'], { kind: 'ecdsa', hash: 'sha512' }],
  ['ecdsa-with-SHA512', [...ecKey('P-256'), '-sha512'], { kind: 'ecdsa', hash: 'sha512' }],
  ['sha256WithRSAEncryption', [...rsa, '-sha256'], { kind: 'rsa', hash: 'sha256' }],
  ['sha384WithRSAEncryption', [...rsa, '-sha384'], { kind: 'rsa', hash: 'sha384' }],
  ['sha512WithRSAEncryption', [...rsa, '-sha512'], { kind: 'rsa', hash: 'sha512' }],
  ['RSASSA-PSS', [...pss, '-sha256'], { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 }],
  ['RSASSA-PSS', [...pss, '-sha512'], { kind: 'rsa-pss', hash: 'sha512', saltLength: 64 }],
  [
    'RSASSA-PSS',
    ['-newkey', 'rsa-pss', '-sha384', '-sigopt', 'rsa_pss_saltlen:100'],
    { kind: 'rsa-pss', hash: 'sha384', saltLength: 100 },
  ],
  ['Ed25519', ['-newkey', 'ed25519'], { kind: 'ed25519' }],
];

for (const [name, options, scheme] of makings) {
  test(`a certificate that openssl made with ${options.join(' ')} is read and verified`, async () => {
    const certificate = await made(options);
    assert.equal(certificate.signatureAlgorithm.name, name);
    assert.deepEqual(certificate.signatureAlgorithm.scheme, scheme);
    const key = publicKeyOf(certificate);
    assert.equal(publicKeyOf(certificate), key);
    assert.equal(verifyCertificateSignature(certificate, key), true);
    assert.equal(verifyCertificateSignature(withOtherBytes(certificate), key), false);
  });
}

for (const [name, options] of [
  ['sha1WithRSAEncryption', [...rsa, '-sha1']],
  ['md5WithRSAEncryption', [...rsa, '-md5']],
  ['ecdsa-with-SHA1', [...ecKey('P-256'), '-sha1']],
  ['RSASSA-PSS', [...pss, '-sha1']],
  ['RSASSA-PSS', [...pss, '-sha256', '-sigopt', 'rsa_mgf1_md:sha512']],
] as const) {
  test(`a signature of ${name} with ${options.at(-1)} is read and not accepted`, async () => {
    const certificate = await made(options);
    assert.equal(certificate.signatureAlgorithm.name, name);
    assert.throws(() => verifyCertificateSignature(certificate, publicKeyOf(certificate)), {
      code: 'signature_unsupported',
      message: new RegExp(name),
    });
  });
}

for (const options of [
  ecKey('secp256k1'),
  ecKey('secp224r1'),
  [...ecKey('P-256'), '-pkeyopt', 'ec_param_enc:explicit'],
  ['-newkey', 'rsa:1024'],
  ['-newkey', 'ed448'],
]) {
  test(`a certificate with a key of ${options.slice(1).join(' ')} is read but its key is refused`, async () => {
    const certificate = await made(options);
    assert.throws(() => publicKeyOf(certificate), { code: 'key_unsupported' });
  });
}

test('a key of another kind has not made the signature', async () => {
  const certificate = await made(ecKey('P-256'));
  for (const options of [rsa, ['-newkey', 'ed25519'], ecKey('P-384'), ecKey('P-256')]) {
    assert.equal(verifyCertificateSignature(certificate, publicKeyOf(await made(options))), false);
  }
});

test('a key that is bound to another hash has not made the signature', async () => {
  const options = { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' };
  const { publicKey } = generateKeyPairSync('rsa-pss', options);
  const certificate = await made([...pss, '-sha512']);
  assert.equal(verifyCertificateSignature(certificate, publicKey), false);
});

async function made(options: readonly string[]): Promise<Certificate> {
  return parseCertificate(await selfSigned(options));
}

function withOtherBytes(certificate: Certificate): Certificate {
  const tbs = Buffer.from(certificate.tbs);
  tbs[tbs.length - 1] = (tbs.at(-1) as number) ^ 1;
  return { ...certificate, tbs };
}
