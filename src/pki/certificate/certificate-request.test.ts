import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { test } from 'node:test';
import { contextConstructed, tag, writeDer } from '../der/index.ts';
import {
  createCertificateRequest,
  createName,
  formatName,
  generateKeyPair,
  type KeyAlgorithm,
  parseCertificate,
  parseCertificateRequest,
  requestFromText,
  requestPem,
  verifyRequestSignature,
} from '../index.ts';
import { adding, ecKey, Openssl, selfSigned } from '../openssl.fixture.ts';

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

test('an extension that is there twice, no version there is, and a certificate in its place are malformed', async () => {
  const malformed = { code: 'request_malformed' };
  const der = Buffer.from(await made(adding('subjectAltName=DNS:a.example')));
  const [challenge, extensions] = [
    Buffer.from('2a864886f70d010907', 'hex'),
    Buffer.from('2a864886f70d01090e', 'hex'),
  ];
  const asked = Buffer.from(der);
  asked.set(extensions, asked.indexOf(challenge));
  assert.throws(() => parseCertificateRequest(asked), malformed);
  const names = await made(adding('subjectAltName=DNS:a.example', 'issuerAltName=DNS:b.example'));
  const twice = Buffer.from(names);
  twice.set(Buffer.of(0x55, 0x1d, 17), twice.indexOf(Buffer.of(0x55, 0x1d, 18)));
  assert.throws(() => parseCertificateRequest(twice), { ...malformed, message: /is there twice/ });
  const later = Buffer.from(der);
  later[later.indexOf(Buffer.of(2, 1, 0)) + 2] = 3;
  assert.throws(() => parseCertificateRequest(later), { ...malformed, message: /version is 4, expected 1/ });
  assert.throws(() => parseCertificateRequest(der.subarray(1)), malformed);
});

/** A request with these attributes, DER, whose algorithm has NULL beside it when told; signed with P-256. */
async function written(attributes: Buffer, algorithmHasNull = false): Promise<Buffer> {
  const { privateKey } = await generateKeyPair('p256');
  const { spki } = parseCertificateRequest(createCertificateRequest({ subject: [] }, privateKey));
  const info = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.smallInteger(0);
      writer.inside(tag.sequence, () => {});
      writer.element(spki);
      writer.content(contextConstructed(0), attributes);
    }),
  );
  const der = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.element(info);
      writer.inside(tag.sequence, () => {
        writer.oid('1.2.840.10045.4.3.2');
        if (algorithmHasNull) writer.null();
      });
      writer.bitString(sign('sha256', info, privateKey));
    }),
  );
  return Buffer.from(der);
}

const extensionRequest = '06092a864886f70d01090e';
const challengePassword = '06092a864886f70d010907';

const foreign: readonly (readonly [what: string, attributes: string, algorithmHasNull?: boolean])[] = [
  ['asks for extensions and names none', `300f${extensionRequest}31023000`],
  ['asks for extensions without a value', `300d${extensionRequest}3100`],
  ['has an attribute without a value', `300d${challengePassword}3100`],
  ['has NULL beside ECDSA', '', true],
];

for (const [what, attributes, algorithmHasNull] of foreign) {
  test(`a request that ${what} is read, as openssl reads it`, async () => {
    await using openssl = await Openssl.open();
    const der = await written(Buffer.from(attributes, 'hex'), algorithmHasNull);
    await openssl.write('req.pem', requestPem(der));
    assert.match(await openssl.run('req', '-verify', '-noout', '-in', 'req.pem'), /verify OK/);
    const request = parseCertificateRequest(der);
    assert.equal(request.extensions.all.size, 0);
    assert.equal(verifyRequestSignature(request), true);
  });
}

test('a certificate with NULL beside ECDSA stays malformed', async () => {
  const der = await selfSigned(ecKey('P-256'));
  const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex');
  assert.equal(der.includes(algorithm), true);
  const strange = Buffer.from(
    der.toString('hex').replaceAll('300a06082a8648ce3d040302', '300c06082a8648ce3d0403020500'),
    'hex',
  );
  // The two algorithms made the whole four bytes longer, and what is signed two.
  strange.writeUInt16BE(strange.readUInt16BE(2) + 4, 2);
  strange.writeUInt16BE(strange.readUInt16BE(6) + 2, 6);
  assert.throws(() => parseCertificate(strange), {
    code: 'certificate_malformed',
    message: /unexpected bytes/,
  });
});

test('a request is found in every form that programs and people hand it on in', async () => {
  const der = Buffer.from(await made(adding('subjectAltName=DNS:a.example')));
  const pem = requestPem(der);
  const base64 = der.toString('base64');
  const inBer = Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)]);
  const forms: readonly (readonly [string, string | Buffer])[] = [
    ['DER', der],
    ['BER of indefinite length', inBer],
    ['PEM', pem],
    ['PEM of Windows', pem.replaceAll('CERTIFICATE', 'NEW CERTIFICATE').replaceAll('\n', '\r\n')],
    ['PEM on one line', pem.replaceAll('\n', '')],
    ['PEM with blanks for line ends', pem.replaceAll('\n', ' ')],
    ['PEM with carriage returns', pem.replaceAll('\n', '\r')],
    ['PEM out of JSON', JSON.stringify(pem)],
    ['PEM with text around', `Dear CA,\n0 here it is:\n${pem}thanks`],
    ['PEM after a number', `0 s:CN=a\n${pem}`],
    ['PEM with a mark', `\ufeff${pem}`],
    ['UTF-16', Buffer.from(`\ufeff${pem}`, 'utf16le')],
    ['UTF-16, big endian', Buffer.from(`\ufeff${pem}`, 'utf16le').swap16()],
    ['Base64 in one line', base64],
    ['Base64 in lines', base64.replace(/.{76}/g, '$&\r\n')],
  ];
  for (const [form, text] of forms)
    assert.deepEqual(Buffer.from(requestFromText(Buffer.from(text)).der), der, form);
  const reading = (text: string) => () => requestFromText(Buffer.from(text));
  assert.throws(reading(`${base64}*`), { code: 'request_malformed', message: /neither DER, PEM nor Base64/ });
  assert.throws(reading(pem.replace('-----END', '----END')), {
    code: 'request_malformed',
    message: /does not end/,
  });
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
