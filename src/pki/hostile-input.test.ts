import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { asBuffer, type Bytes, type ErrorCode, equalBytes, isHoldfastError } from '../base/index.ts';
import { readExtensions } from './certificate/extensions.ts';
import { lintCertificate } from './certificate/lint-certificate.ts';
import { readDer } from './der/der-reader.ts';
import { tag } from './der/der-tag.ts';
import { type DerWriter, writeDer } from './der/der-writer.ts';
import type { ObjectIdentifier } from './der/object-identifier.ts';
import {
  type Certificate,
  type CertificateRequest,
  certificatesFromPem,
  createCertificate,
  createCertificateRequest,
  createCrl,
  createOcspRequest,
  createOcspResponse,
  createOcspSigner,
  encodeCrlEntries,
  equalNames,
  exportPublicKey,
  formatGeneralName,
  formatName,
  generateKeyPair,
  generateSerialNumber,
  importPrivateKey,
  keyIdentifier,
  type Name,
  nameKey,
  parseCertificate,
  parseCertificateRequest,
  parseCrl,
  parseOcspRequest,
  parseOcspResponse,
  parsePem,
  publicKeyOf,
  requestPem,
  verifyCertificateSignature,
  verifyCrlSignature,
  verifyOcspResponse,
  verifyRequestSignature,
  weaknessOfKey,
} from './index.ts';
import { importPublicKey } from './key/public-key.ts';
import { mutate, type Random, seededRandom } from './mutation.fixture.ts';
import { writeName } from './name/name.ts';
import { sampleName, sampleNetwork } from './network.fixture.ts';
import { adding, ecKey, selfSigned } from './openssl.fixture.ts';

/** Set HOLDFAST_SEED to the seed of a failure to see it again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? randomInt(2 ** 32));
const timeout = 120_000;

test('a damaged certificate is read or malformed, and its signature never holds', { timeout }, async () => {
  const { root, issuing, leaf } = await sampleNetwork();
  const keys = [root, root, issuing].map((holder) => holder.keys.publicKey);
  for (const [index, { der }] of [root, issuing, leaf].entries()) {
    tryMutations(der, 2500, 'certificate_malformed', (damaged) => {
      const certificate = parseCertificate(damaged);
      assertReadable(certificate, [certificate.issuer, certificate.subject]);
      assertWrittenAlike(certificate);
      const key = keys[index];
      assert.ok(key !== undefined);
      refusing(['signature_unsupported'], () => assert.ok(!verifyCertificateSignature(certificate, key)));
    });
  }
});

test('damaged certificates of other issuers are read or malformed', { timeout }, async () => {
  const rich = await selfSigned([
    ...ecKey('P-256'),
    ...adding(
      'subjectAltName=DNS:a.example,IP:::1,email:a@b.c,RID:1.2.3,otherName:1.2.3;UTF8:x,dirName:dn',
      'keyUsage=critical,digitalSignature',
      'nameConstraints=permitted;DNS:.example,permitted;dirName:dn,excluded;IP:10.0.0.0/255.0.0.0',
      'crlDistributionPoints=URI:http://a/crl',
      'authorityInfoAccess=OCSP;URI:http://o,caIssuers;URI:http://i',
    ),
  ]);
  const pss = await selfSigned(['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sha256']);
  const publicRoots = rootCertificates.slice(0, 20).flatMap(certificatesFromPem);
  for (const der of [rich, rich, pss, ...publicRoots]) {
    tryMutations(der, 250, 'certificate_malformed', (damaged) => {
      const certificate = parseCertificate(damaged);
      assertReadable(certificate, [certificate.issuer, certificate.subject]);
      assertWrittenAlike(certificate);
      refusing(['key_malformed', 'key_unsupported'], () => publicKeyOf(certificate));
      refusing(['key_malformed'], () => weaknessOfKey(certificate.spki));
      assert.ok(lintCertificate(certificate.tbs).every((finding) => finding !== ''));
    });
  }
});

test('a damaged request is read or malformed, and its signature never holds', { timeout }, async () => {
  const { privateKey } = await generateKeyPair('p256');
  const subjectAltNames = [{ kind: 'dns', value: 'alpha.example' }] as const;
  const der = createCertificateRequest({ subject: sampleName('alpha'), subjectAltNames }, privateKey);
  tryMutations(der, 4000, 'request_malformed', (damaged) => {
    const request = parseCertificateRequest(damaged);
    assertReadable(request, [request.subject]);
    const expected = ['signature_unsupported', 'key_malformed', 'key_unsupported'] as const;
    refusing(expected, () => assert.ok(!verifyRequestSignature(request)));
  });
});

test('a damaged crl is read or malformed, and its signature never holds', { timeout }, async () => {
  const { issuing } = await sampleNetwork();
  const entry = { revokedAt: new Date('2026-01-01T00:00:00Z'), reason: 'keyCompromise' } as const;
  const entries = Array.from({ length: 3 }, () => ({ ...entry, serial: generateSerialNumber(Date.now()) }));
  const template = {
    issuer: sampleName('issuing'),
    authorityKeyId: keyIdentifier(exportPublicKey(issuing.keys.publicKey)),
    number: 1_795_000_000_000n,
    thisUpdate: new Date('2026-01-02T00:00:00Z'),
    nextUpdate: new Date('2026-01-09T00:00:00Z'),
    entries: [encodeCrlEntries(entries)],
  };
  tryMutations(createCrl(template, issuing.keys.privateKey), 4000, 'crl_malformed', (damaged) => {
    const crl = parseCrl(damaged);
    assert.ok(formatName(crl.issuer).length >= 0);
    refusing(['signature_unsupported'], () => assert.ok(!verifyCrlSignature(crl, issuing.keys.publicKey)));
  });
});

test('a damaged ocsp request is read or malformed', { timeout }, async () => {
  const { issuing, leaf } = await sampleNetwork();
  const { serial } = parseCertificate(leaf.der);
  const nonce = Buffer.alloc(32, 7);
  const der = createOcspRequest({ issuer: parseCertificate(issuing.der), serials: [serial, serial], nonce });
  tryMutations(der, 4000, 'ocsp_request_malformed', (damaged) => {
    const { certIds } = parseOcspRequest(damaged);
    assert.ok(certIds.length >= 1 && certIds.length <= 128);
  });
});

test('a damaged ocsp response is read or malformed, and says nothing that holds', { timeout }, async () => {
  const { issuing, leaf } = await sampleNetwork();
  const issuer = parseCertificate(issuing.der);
  const { serial } = parseCertificate(leaf.der);
  const [asked] = parseOcspRequest(createOcspRequest({ issuer, serials: [serial] })).certIds;
  assert.ok(asked !== undefined);
  const times = {
    thisUpdate: new Date('2026-01-01T00:00:00Z'),
    nextUpdate: new Date('2026-01-09T00:00:00Z'),
  };
  const at = new Date('2026-01-02T00:00:00Z');
  const revoked = { kind: 'revoked', revokedAt: times.thisUpdate, reason: 'superseded' } as const;
  const answers = [{ certId: asked.der, status: revoked }];
  const template = { answers, nonce: Buffer.alloc(16, 7), producedAt: at, ...times };
  // The certificate that comes along is not part of what is signed: damage there is none to what the answer says.
  const der = createOcspResponse(template, createOcspSigner(issuer, issuing.keys.privateKey));
  const signed = parseOcspResponse(der);
  assert.ok(signed.kind === 'response');
  tryMutations(der, 6000, 'ocsp_response_malformed', (damaged) => {
    const response = parseOcspResponse(damaged);
    if (response.kind === 'error') return;
    refusing(['signature_unsupported', 'key_malformed', 'key_unsupported'], () => {
      const found = verifyOcspResponse(response, { issuer, serial, at });
      assert.ok(found === undefined || equalBytes(response.tbs, signed.tbs));
    });
  });
});

test('damaged keys are keys, malformed or unsupported', { timeout }, async () => {
  for (const algorithm of ['p256', 'ed25519', 'rsa2048'] as const) {
    const { privateKey, publicKey } = await generateKeyPair(algorithm);
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    tryMutations(spki, 1000, 'key_malformed', (damaged) =>
      refusing(['key_unsupported'], () => importPublicKey(damaged)),
    );
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    tryMutations(pkcs8, 200, 'key_malformed', (damaged) =>
      refusing(['key_unsupported'], () => importPrivateKey(damaged)),
    );
  }
});

test('damaged PEM is read or malformed', { timeout }, async () => {
  const { leaf } = await sampleNetwork();
  const text = Buffer.from(requestPem(leaf.der) + requestPem(leaf.der));
  tryMutations(text, 2000, 'pem_malformed', (damaged) => parsePem(asBuffer(damaged).toString('latin1')));
});

test('noise is malformed', { timeout }, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 5000; round++) {
    const noise = Buffer.from(Array.from({ length: random(100) }, () => random(256)));
    const context = `seed ${seed}, round ${round}, ${noise.toString('hex')}`;
    assert.throws(() => parseCertificate(noise), { code: 'certificate_malformed' }, context);
    assert.throws(() => parseCertificateRequest(noise), { code: 'request_malformed' }, context);
    assert.throws(() => parseCrl(noise), { code: 'crl_malformed' }, context);
    assert.throws(() => parseOcspRequest(noise), { code: 'ocsp_request_malformed' }, context);
    assert.throws(() => parseOcspResponse(noise), { code: 'ocsp_response_malformed' }, context);
  }
});

test('a hundred thousand names, levels of a name and extensions take no more than their length', {
  timeout,
}, async () => {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const names = Array.from({ length: 100_000 }, (_, index) => `n${index}.example`);
  const subject: Name = names.map((value) => [{ oid: '2.5.4.3', value, encoding: 'utf8' }]);
  const template = {
    serial: generateSerialNumber(Date.now()),
    issuer: [subject.flat()],
    subject,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    spki: exportPublicKey(publicKey),
    extensions: { subjectAltNames: names.map((value) => ({ kind: 'dns', value }) as const) },
  };
  const certificate = parseCertificate(createCertificate(template, privateKey));
  assert.equal(certificate.extensions.subjectAltNames.length, names.length);
  assert.ok(equalNames(certificate.subject, subject));
  assert.ok(equalNames(certificate.issuer, template.issuer));
  assert.ok(formatName(certificate.subject).startsWith('CN=n99999.example,'));
  const extensions = writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      for (let index = 0; index < 100_000; index++) writeUnknownExtension(writer, `1.2.${index}`);
    }),
  );
  assert.equal(readDer(extensions, readExtensions).all.size, 100_000);
});

function writeUnknownExtension(writer: DerWriter, oid: ObjectIdentifier): void {
  writer.inside(tag.sequence, () => {
    writer.oid(oid);
    writer.content(tag.octetString, Buffer.alloc(0));
  });
}

/** Damages `der` in `rounds` ways; `use` must take each or throw a HoldfastError with the code. */
function tryMutations(der: Bytes, rounds: number, code: ErrorCode, use: (damaged: Bytes) => void): void {
  const random = seededRandom(seed ^ der.length);
  for (let round = 0; round < rounds; round++) {
    const damaged = mutateTwiceAtTimes(der, random);
    if (equalBytes(damaged, der)) continue;
    try {
      use(damaged);
    } catch (error) {
      if (isHoldfastError(error, code)) continue;
      const found = `seed ${seed}, round ${round}, input ${Buffer.from(damaged).toString('hex')}`;
      throw new Error(`not the expected error: ${found}`, { cause: error });
    }
  }
}

function mutateTwiceAtTimes(der: Bytes, random: Random): Bytes {
  const once = mutate(der, random);
  return random(4) === 0 && once.length > 0 ? mutate(once, random) : once;
}

/** What was read can be shown and compared, and its names are written back in the bytes they came from. */
function assertReadable(holder: Certificate | CertificateRequest, names: readonly Name[]): void {
  for (const each of holder.extensions.subjectAltNames)
    assert.doesNotMatch(formatGeneralName(each), /\p{Cc}/u);
  for (const name of names) {
    assert.doesNotMatch(formatName(name), /\p{Cc}/u);
    assert.equal(typeof nameKey(name), 'string');
  }
}

function nameDer(name: Name): Bytes {
  return writeDer((writer) => writeName(writer, name));
}

/** Runs `use`, which may throw a HoldfastError with one of the codes. */
function refusing(codes: readonly ErrorCode[], use: () => void): void {
  try {
    use();
  } catch (error) {
    if (!isHoldfastError(error, ...codes)) throw error;
  }
}

/** What is read of a certificate is written again in the bytes it came in; a request's names are only looked at. */
function assertWrittenAlike({ tbs, issuer, subject }: Certificate): void {
  for (const name of [issuer, subject]) assert.ok(asBuffer(tbs).includes(asBuffer(nameDer(name))));
}
