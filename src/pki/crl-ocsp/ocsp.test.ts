import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type Bytes, equalBytes } from '../../base/index.ts';
import { writeExtension } from '../certificate/write-extensions.ts';
import { contextConstructed, tag } from '../der/der-tag.ts';
import { writeDer } from '../der/der-writer.ts';
import {
  type Certificate,
  certificatePem,
  createCertificate,
  createOcspError,
  createOcspRequest,
  createOcspResponse,
  createOcspSigner,
  type ExtensionTemplate,
  exportPublicKey,
  extensionOids,
  generateKeyPair,
  generateSerialNumber,
  type KeyAlgorithm,
  keyIdentifier,
  type OcspHash,
  type OcspResponse,
  type OcspResponseTemplate,
  type OcspSigner,
  type OcspStatus,
  ocspIssuerKey,
  parseCertificate,
  parseOcspRequest,
  parseOcspResponse,
  privateKeyPem,
  revocationReasons,
  verifyOcspResponse,
} from '../index.ts';
import { publicKeyBits } from '../key/public-key.ts';
import { type Holder, sampleName, sampleNetwork } from '../network.fixture.ts';
import { Openssl, words } from '../openssl.fixture.ts';
import { encodeCertId, ocspOids } from './ocsp-request.ts';

const now = new Date(Math.floor(Date.now() / 1000) * 1000);
const later = new Date(now.getTime() + 3_600_000);
const earlier = new Date(now.getTime() - 7_200_000);
const algorithms: readonly KeyAlgorithm[] = ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'];
const hashes: readonly OcspHash[] = ['sha1', 'sha256'];

for (const algorithm of algorithms) {
  test(`openssl and ocsptool believe an answer signed with ${algorithm} by a delegate`, async () => {
    await using network = await Network.open(algorithm);
    const { openssl } = network;
    for (const status of [{ kind: 'good' }, revoked('keyCompromise'), { kind: 'unknown' }] as const) {
      await openssl.run(...words('ocsp -issuer issuing.pem -cert leaf.pem -no_nonce -reqout request.der'));
      const request = await openssl.read('request.der');
      await openssl.write('response.der', network.answer(request, status));
      const said = await openssl.run(
        ...words('ocsp -issuer issuing.pem -cert leaf.pem -no_nonce -respin response.der -CAfile root.pem'),
      );
      assert.match(said, /Response verify OK/);
      assert.match(said, new RegExp(`leaf.pem: ${status.kind}`));
      if (status.kind === 'revoked') assert.match(said, /Reason: keyCompromise/);
      // GnuTLS wants who issued to the signer among the trusted: it looks at none of the other certificates that come along.
      const verified = await ocsptool(
        openssl,
        words(
          '--verify-response --load-response response.der --load-issuer issuing.pem --load-trust trust.pem',
        ),
      );
      assert.match(verified, /Verifying OCSP Response: Success/);
      assert.match(verified, new RegExp(`Certificate Status: ${status.kind}`));
    }
  });
}

test('a request of openssl is read, with SHA-1 and with SHA-256, of several certificates, with its nonce', async () => {
  await using network = await Network.open();
  const { openssl, issuing, leaf } = network;
  for (const name of hashes) {
    await openssl.run(
      ...words(`ocsp -${name} -issuer issuing.pem -cert leaf.pem -serial 0x0A0B -nonce -reqout request.der`),
    );
    const request = parseOcspRequest(await openssl.read('request.der'));
    assert.deepEqual(
      request.certIds.map(({ serial }) => serial),
      [leaf.serial, '0a0b'],
    );
    for (const { issuerKey } of request.certIds) assert.equal(issuerKey, ocspIssuerKey(issuing, name));
    assert.equal(request.nonce?.length, 16);
  }
});

test('a request that is signed is read as if it were not', async () => {
  await using network = await Network.open();
  const { openssl, leaf } = network;
  await openssl.run(
    ...words(
      'ocsp -issuer issuing.pem -cert leaf.pem -reqout request.der -signer leaf.pem -signkey leaf.key',
    ),
  );
  const { certIds } = parseOcspRequest(await openssl.read('request.der'));
  assert.deepEqual(
    certIds.map(({ serial }) => serial),
    [leaf.serial],
  );
});

test('a request written here is one to openssl and ocsptool, and comes back as it was asked', async () => {
  await using network = await Network.open();
  const { openssl, issuing, leaf } = network;
  for (const name of hashes) {
    for (const length of [1, 32, 128]) {
      const nonce = randomBytes(length);
      const serials = [leaf.serial, generateSerialNumber(Date.now())];
      const request = createOcspRequest({ issuer: issuing, serials, hash: name, nonce });
      const parsed = parseOcspRequest(request);
      assert.deepEqual(
        parsed.certIds.map(({ serial }) => serial),
        serials,
      );
      assert.ok(parsed.nonce !== undefined && equalBytes(parsed.nonce, nonce));
      await openssl.write('request.der', request);
      const text = await openssl.run('ocsp', '-reqin', 'request.der', '-req_text');
      assert.match(text, new RegExp(`Hash Algorithm: ${name}`));
      assert.match(text, /OCSP Nonce/);
      const info = await ocsptool(openssl, ['--request-info', '--load-request', 'request.der']);
      assert.ok(info.includes(leaf.serial), info);
    }
  }
});

test('the nonce of a request comes back, and openssl sees when it is another one', async () => {
  await using network = await Network.open();
  const { openssl } = network;
  const ask = ['ocsp', '-issuer', 'issuing.pem', '-cert', 'leaf.pem', '-nonce'];
  await openssl.run(...ask, '-reqout', 'request.der');
  const request = await openssl.read('request.der');
  await openssl.write('right.der', network.answer(request, { kind: 'good' }));
  const nonce = randomBytes(16);
  await openssl.write('wrong.der', network.answer(request, { kind: 'good' }, { nonce }));
  const check = ['ocsp', '-reqin', 'request.der', '-CAfile', 'root.pem', '-verify_other', 'issuing.pem'];
  assert.match(await openssl.run(...check, '-respin', 'right.der'), /Response verify OK/);
  await assert.rejects(openssl.run(...check, '-respin', 'wrong.der'), /Nonce Verify error/);
});

test('a nonce of no octets or of more than 128 is malformed', async () => {
  await using network = await Network.open();
  const { issuing, leaf } = network;
  for (const length of [1, 128]) parseOcspRequest(requestWithNonce(leaf, issuing, length));
  for (const length of [0, 129]) {
    assert.throws(() => parseOcspRequest(requestWithNonce(leaf, issuing, length)), {
      code: 'ocsp_request_malformed',
      message: /nonce has/,
    });
    const nonce = Buffer.alloc(length);
    assert.throws(() => createOcspRequest({ issuer: issuing, serials: [leaf.serial], nonce }), TypeError);
  }
});

test('more than 128 certificates are not asked for at once', async () => {
  await using network = await Network.open();
  const serials = Array.from({ length: 129 }, () => generateSerialNumber(Date.now()));
  const request = (count: number) =>
    createOcspRequest({ issuer: network.issuing, serials: serials.slice(0, count) });
  assert.equal(parseOcspRequest(request(128)).certIds.length, 128);
  assert.throws(() => parseOcspRequest(request(129)), { code: 'ocsp_request_malformed' });
  assert.throws(() => request(0), TypeError);
});

test('what an answer says comes back as it was written', async () => {
  await using network = await Network.open();
  const { issuing, leaf, signer } = network;
  const serials = [leaf.serial, ...revocationReasons.map(() => generateSerialNumber(Date.now()))];
  const statuses: OcspStatus[] = [{ kind: 'good' }, ...revocationReasons.map(revoked)];
  const request = parseOcspRequest(createOcspRequest({ issuer: issuing, serials, hash: 'sha256' }));
  const answers = request.certIds.map(({ der }, index) => ({
    certId: der,
    status: statuses[index] ?? { kind: 'unknown' as const },
  }));
  const response = parseOcspResponse(
    createOcspResponse({ answers, producedAt: now, thisUpdate: now, nextUpdate: later }, signer),
  );
  assert.ok(response.kind === 'response');
  assert.deepEqual(
    response.responses.map(({ status }) => status),
    statuses,
  );
  assert.deepEqual(
    response.responses.map(({ certId }) => certId.serial),
    serials,
  );
  assert.deepEqual([response.producedAt, response.responses[0]?.thisUpdate], [now, now]);
  assert.deepEqual(response.responses[0]?.nextUpdate, later);
  const keyHash = hash('sha1', publicKeyBits(signer.certificate.spki), 'buffer');
  assert.ok('keyHash' in response.responder && equalBytes(response.responder.keyHash, keyHash));
  assert.deepEqual(
    response.certificates.map(({ fingerprint }) => fingerprint),
    [signer.certificate.fingerprint, issuing.fingerprint],
  );
  for (const serial of serials) {
    assert.ok(verifyOcspResponse(response, { issuer: issuing, serial, at: now }) !== undefined);
  }
});

test('an answer holds only when who signed it may, in its time, and for what was asked', async () => {
  await using network = await Network.open();
  const { issuing, leaf } = network;
  const at = now;
  const expected = { issuer: issuing, serial: leaf.serial, at };
  const request = createOcspRequest({ issuer: issuing, serials: [leaf.serial] });
  const answered = (changes: Partial<OcspResponseTemplate> = {}, signer = network.signer) =>
    read(network.answer(request, { kind: 'good' }, changes, signer));
  assert.equal(verifyOcspResponse(answered(), expected)?.status.kind, 'good');
  const byIssuer = createOcspSigner(issuing, network.issuingHolder.keys.privateKey);
  const refused = [
    verifyOcspResponse(answered(), { ...expected, serial: generateSerialNumber(Date.now()) }),
    verifyOcspResponse(answered(), { ...expected, issuer: network.root }),
    verifyOcspResponse(answered(), { ...expected, at: new Date(later.getTime() + 1000) }),
    verifyOcspResponse(answered({ thisUpdate: later, nextUpdate: later }), expected),
    verifyOcspResponse(answered({}, createOcspSigner(leaf, network.leafKey)), expected),
    verifyOcspResponse(answered({}, { ...network.signer, certificates: byIssuer.certificates }), expected),
  ];
  assert.deepEqual(
    refused,
    refused.map(() => undefined),
  );
  const ended = await delegate(network.issuingHolder, 'p256', { notAfter: earlier });
  assert.equal(verifyOcspResponse(answered({}, ended), expected), undefined);
  assert.equal(verifyOcspResponse(answered({}, byIssuer), expected)?.status.kind, 'good');
});

test('an answer that openssl signed by name is read and verified', async () => {
  await using network = await Network.open();
  const { openssl, issuing, leaf } = network;
  const end = new Date(later).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  await openssl.write('index.txt', `V\t${end}Z\t\t${leaf.serial.toUpperCase()}\tunknown\t/CN=alpha\n`);
  await openssl.run(...words('ocsp -issuer issuing.pem -cert leaf.pem -reqout request.der'));
  await openssl.run(
    ...words(
      'ocsp -index index.txt -CA issuing.pem -rsigner signer.pem -rkey signer.key -reqin request.der -respout response.der -ndays 1',
    ),
  );
  const response = read(await openssl.read('response.der'));
  assert.ok('name' in response.responder);
  const found = verifyOcspResponse(response, { issuer: issuing, serial: leaf.serial, at: new Date() });
  assert.equal(found?.status.kind, 'good');
});

test('an error says which one, to openssl too', async () => {
  await using network = await Network.open();
  const { openssl } = network;
  for (const [status, word] of [
    ['malformedRequest', 'malformedrequest'],
    ['internalError', 'internalerror'],
    ['tryLater', 'trylater'],
    ['unauthorized', 'unauthorized'],
  ] as const) {
    const der = createOcspError(status);
    assert.deepEqual(parseOcspResponse(der), { kind: 'error', status });
    await openssl.write('error.der', der);
    await assert.rejects(
      openssl.run('ocsp', '-respin', 'error.der'),
      (error: { stdout?: string; stderr?: string }) => `${error.stdout}${error.stderr}`.includes(word),
    );
  }
});

test('the certificate of a delegate says that its own revocation is not asked for', async () => {
  await using network = await Network.open();
  const { certificate } = network.signer;
  assert.equal(certificate.extensions.ocspNoCheck, true);
  assert.deepEqual(certificate.extensions.extendedKeyUsage, ['OCSPSigning']);
  assert.equal(certificate.extensions.all.get(extensionOids.ocspNoCheck)?.critical, false);
  const text = await network.openssl.run('x509', '-noout', '-text', '-in', 'signer.pem');
  assert.match(text, /OCSP No Check/);
  assert.match(text, /OCSP Signing/);
});

/** A network in a directory of openssl's, with who signs its answers. */
class Network implements AsyncDisposable {
  readonly openssl: Openssl;
  readonly issuingHolder: Holder;
  readonly root: Certificate;
  readonly issuing: Certificate;
  readonly leaf: Certificate;
  readonly leafKey: Holder['keys']['privateKey'];
  readonly signer: OcspSigner;

  private constructor(
    openssl: Openssl,
    { root, issuing, leaf }: Awaited<ReturnType<typeof sampleNetwork>>,
    signer: OcspSigner,
  ) {
    this.openssl = openssl;
    this.issuingHolder = issuing;
    this.root = parseCertificate(root.der);
    this.issuing = parseCertificate(issuing.der);
    this.leaf = parseCertificate(leaf.der);
    this.leafKey = leaf.keys.privateKey;
    this.signer = signer;
  }

  static async open(algorithm: KeyAlgorithm = 'p256'): Promise<Network> {
    const openssl = await Openssl.open();
    const sample = await sampleNetwork(algorithm);
    const keys = await generateKeyPair(algorithm);
    const signer = await delegate(sample.issuing, algorithm, {}, keys);
    await openssl.write('root.pem', certificatePem(sample.root.der));
    await openssl.write('issuing.pem', certificatePem(sample.issuing.der));
    await openssl.write('trust.pem', certificatePem(sample.root.der) + certificatePem(sample.issuing.der));
    await openssl.write('leaf.pem', certificatePem(sample.leaf.der));
    await openssl.write('leaf.key', pkcs8(sample.leaf.keys.privateKey));
    await openssl.write('signer.pem', certificatePem(signer.certificate.der));
    await openssl.write('signer.key', pkcs8(keys.privateKey));
    return new Network(openssl, sample, signer);
  }

  /** One status for whatever a request asks about. */
  answer(
    request: Bytes,
    status: OcspStatus,
    changes: Partial<OcspResponseTemplate> = {},
    signer: OcspSigner = this.signer,
  ): Bytes {
    const { certIds, nonce } = parseOcspRequest(request);
    const template = {
      answers: certIds.map(({ der }) => ({ certId: der, status })),
      nonce,
      producedAt: now,
      thisUpdate: now,
      nextUpdate: later,
      ...changes,
    };
    return createOcspResponse(template, signer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.openssl[Symbol.asyncDispose]();
  }
}

async function delegate(
  issuer: Holder,
  algorithm: KeyAlgorithm,
  { notAfter = new Date(now.getTime() + 86_000_000) }: { notAfter?: Date },
  keys?: Holder['keys'],
): Promise<OcspSigner> {
  const { privateKey, publicKey } = keys ?? (await generateKeyPair(algorithm));
  const extensions: ExtensionTemplate = {
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['OCSPSigning'],
    authorityKeyId: keyIdentifier(exportPublicKey(issuer.keys.publicKey)),
    ocspNoCheck: true,
  };
  const template = {
    serial: generateSerialNumber(Date.now()),
    issuer: sampleName('issuing'),
    subject: sampleName('ocsp'),
    notBefore: new Date(notAfter.getTime() - 100_000_000),
    notAfter,
    spki: exportPublicKey(publicKey),
    extensions,
  };
  const certificate = parseCertificate(createCertificate(template, issuer.keys.privateKey));
  return createOcspSigner(certificate, privateKey, [parseCertificate(issuer.der)]);
}

/** A request with a nonce of any length, which `createOcspRequest` would not write. */
function requestWithNonce(leaf: Certificate, issuer: Certificate, length: number): Bytes {
  return writeDer((writer) => {
    const sequence = (write: () => void) => writer.inside(tag.sequence, write);
    const nonce = () => writer.content(tag.octetString, Buffer.alloc(length, 7));
    sequence(() =>
      sequence(() => {
        sequence(() => sequence(() => writer.element(encodeCertId(issuer, leaf.serial, 'sha1'))));
        writer.inside(contextConstructed(2), () =>
          sequence(() => writeExtension(writer, ocspOids.nonce, false, nonce)),
        );
      }),
    );
  });
}

function read(der: Bytes): OcspResponse {
  const response = parseOcspResponse(der);
  assert.ok(response.kind === 'response');
  return response;
}

function revoked(reason: (typeof revocationReasons)[number]) {
  return { kind: 'revoked', revokedAt: earlier, reason } as const;
}

function pkcs8(key: Holder['keys']['privateKey']): string {
  return privateKeyPem(key.export({ format: 'der', type: 'pkcs8' }));
}

async function ocsptool(openssl: Openssl, args: readonly string[]): Promise<string> {
  const options = { cwd: openssl.directory };
  const { stdout, stderr } = await promisify(execFile)('ocsptool', [...args], options).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  return stdout + stderr;
}
