import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import {
  certificatePem,
  createCertificate,
  createName,
  exportPublicKey,
  extensionOids,
  formatName,
  generateKeyPair,
  generateSerialNumber,
  type KeyAlgorithm,
  keyIdentifier,
  type Name,
  parseCertificate,
  parseIpRange,
  publicKeyOf,
  verifyCertificateSignature,
} from '../index.ts';
import { leafProfile, sampleName, sampleNetwork } from '../network.fixture.ts';
import { Openssl } from '../openssl.fixture.ts';

const algorithms: readonly KeyAlgorithm[] = ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'];

for (const algorithm of algorithms) {
  test(`openssl verifies a chain whose keys are all ${algorithm}, under its strict rules`, async () => {
    await using openssl = await Openssl.open();
    const { root, issuing, leaf } = await sampleNetwork(algorithm);
    await openssl.write('root.pem', certificatePem(root.der));
    await openssl.write('issuing.pem', certificatePem(issuing.der));
    await openssl.write('leaf.pem', certificatePem(leaf.der));
    const chain = ['-CAfile', 'root.pem', '-untrusted', 'issuing.pem'];
    assert.match(await openssl.run('verify', ...chain, 'leaf.pem'), /leaf.pem: OK/);
    const strict = ['verify', '-x509_strict', '-check_ss_sig', ...chain, '-purpose', 'sslserver'];
    assert.match(
      await openssl.run(...strict, '-verify_hostname', 'alpha.example', 'leaf.pem'),
      /leaf.pem: OK/,
    );
    await assert.rejects(openssl.run(...strict, '-verify_hostname', 'beta.example', 'leaf.pem'));
  });

  test(`a certificate written with ${algorithm} keys says what its template said`, async () => {
    const { issuing, leaf } = await sampleNetwork(algorithm);
    const certificate = parseCertificate(leaf.der);
    const issuer = parseCertificate(issuing.der);
    assert.equal(certificate.version, 3);
    assert.equal(formatName(certificate.subject), 'CN=alpha,O=Holdfast');
    assert.deepEqual(certificate.identity, { network: 'backup.myhost', role: 'server', name: 'alpha' });
    assert.deepEqual(Buffer.from(certificate.spki), Buffer.from(exportPublicKey(leaf.keys.publicKey)));
    const { subjectKeyId, authorityKeyId, all, unknownCritical, crlPoints, freshestCrlPoints, ...rest } =
      certificate.extensions;
    const { authorityKeyId: _, ...expected } = leafProfile(issuing.keys);
    assert.deepEqual(rest, expected);
    assert.deepEqual([crlPoints?.length, freshestCrlPoints], [1, []]);
    assert.deepEqual(authorityKeyId?.keyId, issuer.extensions.subjectKeyId);
    assert.deepEqual(subjectKeyId, keyIdentifier(certificate.spki));
    assert.equal(all.size, 8);
    assert.deepEqual(unknownCritical, []);
    assert.equal(verifyCertificateSignature(certificate, publicKeyOf(issuer)), true);
    assert.equal(verifyCertificateSignature(certificate, leaf.keys.publicKey), false);
  });
}

test('openssl x509 -text shows every field and extension as written', async () => {
  await using openssl = await Openssl.open();
  const { issuing, leaf } = await sampleNetwork();
  await openssl.write('leaf.pem', certificatePem(leaf.der));
  const text = await openssl.run('x509', '-noout', '-text', '-nameopt', 'RFC2253', '-in', 'leaf.pem');
  const serial = parseCertificate(leaf.der).serial.replace(/..(?!$)/g, '$&:');
  const expected = [
    'Version: 3 (0x2)',
    serial,
    'Issuer: CN=issuing,O=Holdfast',
    'Subject: CN=alpha,O=Holdfast',
    'NIST CURVE: P-256',
    'X509v3 Basic Constraints: critical\n CA:FALSE',
    'X509v3 Key Usage: critical\n Digital Signature',
    'TLS Web Server Authentication, TLS Web Client Authentication',
    'URI:spiffe://backup.myhost/server/alpha, DNS:alpha.example, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
    'URI:http://status.example:8445/-/crl/issuing.crl',
    'OCSP - URI:http://status.example:8445/-/ocsp',
    'CA Issuers - URI:http://status.example:8445/-/ca/issuing.cer',
  ];
  const folded = text.replace(/ +/g, ' ');
  for (const line of expected) assert.ok(folded.includes(line), `${line} is missing in:\n${text}`);
  await openssl.write('issuing.pem', certificatePem(issuing.der));
  assert.match(await openssl.run('x509', '-noout', '-text', '-in', 'issuing.pem'), /CA:TRUE, pathlen:0/);
});

test('openssl reads name constraints of every kind as written, and they come back equal', async () => {
  await using openssl = await Openssl.open();
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const nameConstraints = {
    permitted: [
      { kind: 'dns', value: 'example.com' },
      { kind: 'email', value: '.example.com' },
      { kind: 'uri', value: 'backup.example' },
      range('10.0.0.0/8'),
      range('2001:db8::/33'),
    ],
    excluded: [{ kind: 'directory', value: createName({ C: 'DE', O: 'Ünlaut' }) }, range('0.0.0.0/0')],
  } as const;
  const der = createCertificate(
    {
      ...plainTemplate(exportPublicKey(publicKey)),
      extensions: { basicConstraints: { ca: true }, nameConstraints },
    },
    privateKey,
  );
  const { extensions } = parseCertificate(der);
  assert.deepEqual(extensions.nameConstraints, nameConstraints);
  assert.equal(extensions.all.get(extensionOids.nameConstraints)?.critical, true);
  await openssl.write('ca.pem', certificatePem(der));
  const text = (await openssl.run('x509', '-noout', '-text', '-nameopt', 'utf8', '-in', 'ca.pem')).replace(
    /\s+/g,
    ' ',
  );
  const permitted = 'DNS:example.com email:.example.com URI:backup.example IP:10.0.0.0/255.0.0.0';
  assert.ok(text.includes(permitted), text);
  assert.ok(text.includes('IP:2001:DB8:0:0:0:0:0:0/FFFF:FFFF:8000:0:0:0:0:0'), text);
  assert.match(text, /Excluded: DirName:C ?= ?DE, O ?= ?.+ IP:0.0.0.0\/0.0.0.0/);
});

test('the names are critical when the subject is empty, and openssl agrees', async () => {
  await using openssl = await Openssl.open();
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const extensions = { subjectAltNames: [{ kind: 'dns', value: 'alpha.example' }] } as const;
  const template = { ...plainTemplate(exportPublicKey(publicKey)), subject: [], extensions };
  const der = createCertificate(template, privateKey);
  assert.equal(parseCertificate(der).extensions.all.get(extensionOids.subjectAltNames)?.critical, true);
  await openssl.write('leaf.pem', certificatePem(der));
  assert.match(await openssl.run('x509', '-noout', '-text', '-in', 'leaf.pem'), /Alternative Name: critical/);
});

test('an issuer name that was read is written back in the bytes it had, whatever its string types', async () => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const issuer: Name = [
    [{ oid: '2.5.4.6', value: 'DE', encoding: 'printable' }],
    [
      { oid: '2.5.4.10', value: 'Zürich', encoding: 't61' },
      { oid: '2.5.4.11', value: 'Straße €', encoding: 'bmp' },
    ],
    [{ oid: '2.5.4.3', value: '𝄞 clef', encoding: 'universal' }],
    [{ oid: '1.2.3.4', value: '#3003020101', encoding: 'der' }],
  ];
  const first = parseCertificate(
    createCertificate({ ...plainTemplate(exportPublicKey(publicKey)), issuer }, privateKey),
  );
  assert.deepEqual(first.issuer, issuer);
  const second = createCertificate(
    { ...plainTemplate(exportPublicKey(publicKey)), issuer: first.issuer },
    privateKey,
  );
  assert.deepEqual(parseCertificate(second).issuer, issuer);
});

test('validity is written to the second, beyond 2049 too', async () => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const notBefore = new Date('2049-12-31T23:59:59.999Z');
  const notAfter = new Date('2050-01-01T00:00:00.000Z');
  const template = { ...plainTemplate(exportPublicKey(publicKey)), notBefore, notAfter };
  const certificate = parseCertificate(createCertificate(template, privateKey));
  assert.equal(certificate.notBefore.toISOString(), '2049-12-31T23:59:59.000Z');
  assert.equal(certificate.notAfter.toISOString(), '2050-01-01T00:00:00.000Z');
});

test('a template that cannot be written is a TypeError', async () => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const template = plainTemplate(exportPublicKey(publicKey));
  const withName = (value: string, kind: 'dns' | 'ip' | 'uri') => ({
    ...template,
    extensions: { subjectAltNames: [{ kind, value }] },
  });
  const wrong = [
    { ...template, notBefore: new Date(Number.NaN) },
    { ...template, notAfter: new Date('2020-01-01') },
    { ...template, notAfter: new Date('+010000-01-01') },
    { ...template, extensions: { basicConstraints: { ca: false, pathLength: 1 } } },
    { ...template, extensions: { basicConstraints: { ca: true, pathLength: -1 } } },
    { ...template, extensions: { nameConstraints: { permitted: [], excluded: [] } } },
    withName('ümlaut.example', 'dns'),
    withName('a\0b', 'dns'),
    withName('', 'dns'),
    withName('192.0.2.256', 'ip'),
  ];
  for (const each of wrong) assert.throws(() => createCertificate(each, privateKey), TypeError);
  assert.throws(() => createCertificate(template, createPublicKey(privateKey)), TypeError);
  assert.throws(() => createCertificate({ ...template, spki: Uint8Array.of(0x30, 0) }, privateKey), {
    code: 'key_malformed',
  });
});

function plainTemplate(spki: Uint8Array) {
  return {
    serial: generateSerialNumber(Date.now()),
    issuer: sampleName('root'),
    subject: sampleName('alpha'),
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    spki,
    extensions: {},
  };
}

function range(text: string) {
  const value = parseIpRange(text);
  assert.ok(value !== undefined);
  return { kind: 'ip', value: { ...value, address: Buffer.from(value.address) } } as const;
}
