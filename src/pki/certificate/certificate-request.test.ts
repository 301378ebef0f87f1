import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createCertificateRequest,
  createName,
  formatName,
  generateKeyPair,
  type KeyAlgorithm,
  parseCertificateRequest,
  requestPem,
  verifyRequestSignature,
} from '../index.ts';
import { adding, ecKey, Openssl } from '../openssl.fixture.ts';

const algorithms: readonly KeyAlgorithm[] = ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'];
const subject = createName({ O: 'Holdfast', CN: 'alpha' });
const subjectAltNames = [
  { kind: 'dns', value: 'alpha.example' },
  { kind: 'ip', value: '192.0.2.7' },
] as const;

for (const algorithm of algorithms) {
  test(`openssl req -verify accepts a request signed with ${algorithm}, and it comes back`, async () => {
    await using openssl = await Openssl.open();
    const { privateKey } = await generateKeyPair(algorithm);
    const der = createCertificateRequest({ subject, subjectAltNames }, privateKey);
    await openssl.write('req.pem', requestPem(der));
    const text = await openssl.run(
      'req',
      '-verify',
      '-noout',
      '-text',
      '-nameopt',
      'RFC2253',
      '-in',
      'req.pem',
    );
    assert.match(text, /verify OK/);
    assert.match(text, /Subject: CN=alpha,O=Holdfast/);
    assert.match(text, /DNS:alpha.example, IP Address:192.0.2.7/);
    const request = parseCertificateRequest(der);
    assert.deepEqual(request.subject, subject);
    assert.deepEqual(request.extensions.subjectAltNames, subjectAltNames);
    assert.equal(verifyRequestSignature(request), true);
  });
}

test('a request without names has no extension request, and openssl accepts it', async () => {
  await using openssl = await Openssl.open();
  const { privateKey } = await generateKeyPair('p256');
  const der = createCertificateRequest({ subject: [] }, privateKey);
  await openssl.write('req.pem', requestPem(der));
  assert.match(await openssl.run('req', '-verify', '-noout', '-in', 'req.pem'), /verify OK/);
  assert.equal(parseCertificateRequest(der).extensions.all.size, 0);
});

test('everything openssl asks for in a request is read', async () => {
  const options = adding(
    'subjectAltName=DNS:a.example,URI:spiffe://a/admin/b',
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=keyCertSign',
    '1.2.3.4.5=critical,DER:0500',
  );
  const request = parseCertificateRequest(await made(options));
  assert.equal(formatName(request.subject), 'CN=alpha,O=Holdfast');
  assert.deepEqual(request.extensions.basicConstraints, { ca: true });
  assert.deepEqual(request.extensions.keyUsage, ['keyCertSign']);
  assert.deepEqual(request.extensions.unknownCritical, ['1.2.3.4.5']);
  assert.equal(request.extensions.subjectAltNames.length, 2);
  // challengePassword
  assert.deepEqual([...request.attributes.keys()], ['1.2.840.113549.1.9.7']);
  assert.equal(verifyRequestSignature(request), true);
});

test('a request whose signature is not by its own key is told from one whose is', async () => {
  const der = Buffer.from(await made([]));
  der[der.indexOf('alpha')] = 0x62;
  const request = parseCertificateRequest(der);
  assert.equal(formatName(request.subject), 'CN=blpha,O=Holdfast');
  assert.equal(verifyRequestSignature(request), false);
});

test('a request signed with SHA-1 is not accepted', async () => {
  const request = parseCertificateRequest(await made(['-sha1']));
  assert.throws(() => verifyRequestSignature(request), { code: 'signature_unsupported' });
});

test('an attribute that is there twice, another version, and a certificate in its place are malformed', async () => {
  const malformed = { code: 'request_malformed' };
  const der = Buffer.from(await made(adding('subjectAltName=DNS:a.example')));
  const [challenge, extensions] = [
    Buffer.from('2a864886f70d010907', 'hex'),
    Buffer.from('2a864886f70d01090e', 'hex'),
  ];
  const twice = Buffer.from(der);
  twice.set(challenge, twice.indexOf(extensions));
  assert.throws(() => parseCertificateRequest(twice), { ...malformed, message: /is there twice/ });
  const asked = Buffer.from(der);
  asked.set(extensions, asked.indexOf(challenge));
  assert.throws(() => parseCertificateRequest(asked), malformed);
  const later = Buffer.from(der);
  later[later.indexOf(Buffer.of(2, 1, 0)) + 2] = 1;
  assert.throws(() => parseCertificateRequest(later), { ...malformed, message: /version is not 1/ });
  assert.throws(() => parseCertificateRequest(der.subarray(1)), malformed);
});

/** A request as openssl makes it, with a challenge password. */
async function made(options: readonly string[]): Promise<Buffer> {
  await using openssl = await Openssl.open();
  const config =
    '[req]\ndistinguished_name=dn\nattributes=more\nprompt=no\n[dn]\nO=Holdfast\nCN=alpha\n[more]\nchallengePassword=secret\n';
  await openssl.write('openssl.cnf', config);
  const key = [...ecKey('P-256'), '-nodes', '-keyout', 'key.pem'];
  await openssl.run(
    'req',
    '-new',
    '-config',
    'openssl.cnf',
    ...key,
    ...options,
    '-outform',
    'DER',
    '-out',
    'req.der',
  );
  return await openssl.read('req.der');
}
