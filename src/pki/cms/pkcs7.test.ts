import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, type Bytes, type ErrorCode, isHoldfastError, toHex } from '../../base/index.ts';
import { encodePem } from '../der/pem.ts';
import {
  type Certificate,
  certificatePem,
  certificatesFromPkcs7,
  createCertificateRequest,
  createChainPkcs7,
  exportPrivateKey,
  generateKeyPair,
  type KeyAlgorithm,
  parseCertificate,
  privateKeyPem,
  readSignedRequest,
  requestFromText,
  requestPem,
  signRequestPkcs7,
} from '../index.ts';
import { mutate, seededRandom } from '../mutation.fixture.ts';
import { type SampleNetwork, sampleName, sampleNetwork } from '../network.fixture.ts';
import { Openssl } from '../openssl.fixture.ts';

const network = await sampleNetwork();
const request = await newRequest();
const signed = sign(network, request);

function openSigned(pkcs7: Bytes): { request: Bytes; signer: Certificate } {
  const read = readSignedRequest(pkcs7);
  return { request: read.open(), signer: read.signer };
}

test('openssl pkcs7 prints the certificates of a chain in their order', async () => {
  await using openssl = await Openssl.open();
  await openssl.write('chain.p7b', createChainPkcs7([network.issuing.der, network.root.der]));
  const said = await openssl.run('pkcs7', '-inform', 'DER', '-in', 'chain.p7b', '-print_certs');
  const subjects = [...said.matchAll(/subject=(.*)/g)].map(([, subject]) => subject);
  assert.deepEqual(subjects, ['O = Holdfast, CN = issuing', 'O = Holdfast, CN = root']);
});

test('a chain comes back, from our file and from one of openssl', async () => {
  const chain = [network.issuing.der, network.root.der];
  assert.deepEqual(certificatesFromPkcs7(createChainPkcs7(chain)).map(asBuffer), chain.map(asBuffer));
  await using openssl = await Openssl.open();
  await openssl.write('chain.pem', chain.map(certificatePem).join(''));
  await openssl.run('crl2pkcs7', '-nocrl', '-certfile', 'chain.pem', '-outform', 'DER', '-out', 'chain.p7b');
  const read = certificatesFromPkcs7(await openssl.read('chain.p7b'));
  assert.deepEqual(new Set(read.map(toHex)), new Set(chain.map(toHex)));
});

for (const algorithm of ['p256', 'p384', 'p521', 'ed25519', 'rsa2048'] satisfies KeyAlgorithm[]) {
  test(`a request signed with ${algorithm} is opened, and openssl cms takes it too`, async () => {
    const sample = await sampleNetwork(algorithm);
    const pkcs7 = sign(sample, request);
    const { request: found, signer } = openSigned(pkcs7);
    assert.deepEqual(asBuffer(found), asBuffer(request));
    assert.equal(signer.fingerprint, parseCertificate(sample.leaf.der).fingerprint);
    // OpenSSL before 3.2 makes no sense of Ed25519 in CMS.
    if (algorithm === 'ed25519') return;
    await using openssl = await Openssl.open();
    await openssl.write('signed.p7', pkcs7);
    const words = ['-inform', 'DER', '-in', 'signed.p7', '-binary', '-out', 'request.der', '-noverify'];
    await openssl.run('cms', '-verify', ...words);
    assert.deepEqual(await openssl.read('request.der'), asBuffer(request));
  });
}

const byOpenssl = {
  'cms -sign': ['cms', '-sign', '-md', 'sha256', '-nodetach', '-binary', '-outform', 'DER'],
  'cms -sign -keyid': ['cms', '-sign', '-keyid', '-md', 'sha384', '-nodetach', '-binary', '-outform', 'DER'],
  'cms -sign -stream': [
    'cms',
    '-sign',
    '-stream',
    '-md',
    'sha256',
    '-nodetach',
    '-binary',
    '-outform',
    'DER',
  ],
  'smime -sign': ['smime', '-sign', '-md', 'sha512', '-nodetach', '-binary', '-outform', 'DER'],
  'smime -sign -noattr': [
    'smime',
    '-sign',
    '-noattr',
    '-md',
    'sha256',
    '-nodetach',
    '-binary',
    '-outform',
    'DER',
  ],
} as const;

for (const algorithm of ['p256', 'rsa2048'] as const) {
  const sample = await sampleNetwork(algorithm);
  for (const [words, all] of Object.entries(byOpenssl)) {
    test(`a request signed with ${algorithm} by openssl ${words} is opened`, async () => {
      const pkcs7 = await signedByOpenssl(sample, all);
      const opened = openSigned(pkcs7);
      assert.deepEqual(asBuffer(opened.request), asBuffer(request));
      assert.deepEqual(asBuffer(opened.signer.der), asBuffer(sample.leaf.der));
    });
  }
}

for (const algorithm of ['p256', 'rsa2048'] as const) {
  test(`a request signed with ${algorithm} and SHA-1 is refused`, async () => {
    const words = byOpenssl['cms -sign'].map((word) => (word === 'sha256' ? 'sha1' : word));
    refused('signature_unsupported', await signedByOpenssl(await sampleNetwork(algorithm), words));
  });
}

test('a request signed with another key than that of the certificate in it is refused', () => {
  const { root, leaf } = network;
  const forged = signRequestPkcs7({ request, certificate: leaf.der, privateKey: root.keys.privateKey });
  refused('request_signature_invalid', forged);
});

test('another request put in the place of the signed one is refused', async () => {
  const other = await newRequest();
  const at = asBuffer(signed).indexOf(asBuffer(request));
  assert.equal(other.length, request.length);
  const forged = Buffer.from(signed);
  forged.set(other, at);
  refused('request_signature_invalid', forged);
});

test('a request that nobody signed, two signed, or that is not there is refused', async () => {
  refused('request_malformed', createChainPkcs7([network.leaf.der]));
  refused('request_malformed', request);
  const detached = byOpenssl['cms -sign'].filter((word) => word !== '-nodetach');
  refused('request_malformed', await signedByOpenssl(network, detached));
  const twice = [...byOpenssl['cms -sign'], '-signer', 'root.pem', '-inkey', 'root.key'];
  refused('request_malformed', await signedByOpenssl(network, twice));
});

test('a CMC message is named as one, with the way to another request', async () => {
  const cmc = [...byOpenssl['cms -sign'], '-econtent_type', '1.3.6.1.5.5.7.12.2', '-keyid', '-nocerts'];
  const pkcs7 = await signedByOpenssl(network, cmc);
  refused('request_malformed', pkcs7);
  assert.throws(() => openSigned(pkcs7), /is a CMC message; expected PKCS #10/);
});

test('a request without the certificate of its signer is refused', async () => {
  refused('request_malformed', await signedByOpenssl(network, [...byOpenssl['cms -sign'], '-nocerts']));
});

test('no damage to a signed request goes unnoticed', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 3000; round++) {
    const damaged = mutate(signed, random);
    try {
      const { request: found, signer } = openSigned(damaged);
      // What is not signed may change; what comes out may not.
      assert.deepEqual(asBuffer(found), asBuffer(request));
      assert.deepEqual(asBuffer(signer.spki), asBuffer(parseCertificate(network.leaf.der).spki));
    } catch (error) {
      assert.ok(isHoldfastError(error), String(error));
    }
  }
});

const pem = requestPem(request);
const texts: Readonly<Record<string, Bytes>> = {
  DER: request,
  PEM: Buffer.from(pem),
  'PEM with text around it': Buffer.from(`Certificate Request:\n  Data:\n${pem}thanks\n`),
  'PEM under the label of Windows': Buffer.from(pem.replaceAll('CERTIFICATE REQ', 'NEW CERTIFICATE REQ')),
  'PEM in UTF-16': Buffer.from(`\uFEFF${pem.replaceAll('\n', '\r\n')}`, 'utf16le'),
  'PEM beside a key': Buffer.concat([
    Buffer.from(privateKeyPem(exportPrivateKey(network.leaf.keys.privateKey))),
    Buffer.from(pem),
  ]),
  'bare Base64': Buffer.from(asBuffer(request).toString('base64')),
  'Base64 broken up by any white space': Buffer.from(
    ` \r\n\t${asBuffer(request)
      .toString('base64')
      .replaceAll(/(.{17})/g, '$1 \r\n\t')}\n\n`,
  ),
};

for (const [form, text] of Object.entries(texts)) {
  test(`a request is found in ${form}`, () => {
    const { kind, der } = requestFromText(text);
    assert.equal(kind, 'pkcs10');
    assert.deepEqual(asBuffer(der), asBuffer(request));
  });
}

test('a signed request is found in DER, PEM of either label and Base64', async () => {
  const stream = await signedByOpenssl(network, byOpenssl['cms -sign -stream']);
  const forms = [
    signed,
    stream,
    Buffer.from(encodePem('PKCS7', signed)),
    Buffer.from(encodePem('NEW CERTIFICATE REQUEST', signed)),
    Buffer.from(asBuffer(signed).toString('base64')),
  ];
  for (const form of forms) {
    const { kind, der } = requestFromText(form);
    assert.equal(kind, 'pkcs7');
    assert.deepEqual(asBuffer(openSigned(der).request), asBuffer(request));
  }
});

test('what is no request is said to be none', () => {
  const wrong = [
    '',
    'hello',
    '!!!!',
    pem.slice(0, 200),
    pem + pem,
    certificatePem(network.leaf.der).replaceAll('CERTIFICATE', 'SOMETHING'),
    '0',
    '\u0000'.repeat(65_537),
    'M'.repeat(70_000),
  ];
  for (const text of wrong) {
    assert.throws(
      () => requestFromText(Buffer.from(text)),
      (error: unknown) => isHoldfastError(error, 'request_malformed'),
      JSON.stringify(text.slice(0, 20)),
    );
  }
});

function sign({ leaf }: SampleNetwork, der: Bytes): Bytes {
  return signRequestPkcs7({ request: der, certificate: leaf.der, privateKey: leaf.keys.privateKey });
}

async function newRequest(): Promise<Bytes> {
  // Its signatures are always as long, so that one request can stand in another one's place.
  const { privateKey } = await generateKeyPair('ed25519');
  return createCertificateRequest({ subject: sampleName('alpha') }, privateKey);
}

async function signedByOpenssl(
  { leaf, root }: SampleNetwork,
  [command = '', ...words]: readonly string[],
): Promise<Bytes> {
  await using openssl = await Openssl.open();
  await openssl.write('request.der', request);
  for (const [name, holder] of [
    ['leaf', leaf],
    ['root', root],
  ] as const) {
    await openssl.write(`${name}.pem`, certificatePem(holder.der));
    await openssl.write(`${name}.key`, privateKeyPem(exportPrivateKey(holder.keys.privateKey)));
  }
  const files = ['-in', 'request.der', '-out', 'signed.p7', '-signer', 'leaf.pem', '-inkey', 'leaf.key'];
  await openssl.run(command, ...files, ...words);
  return await openssl.read('signed.p7');
}

function refused(code: ErrorCode, pkcs7: Bytes): void {
  assert.throws(
    () => openSigned(pkcs7),
    (error: unknown) => isHoldfastError(error, code),
  );
}
