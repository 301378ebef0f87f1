import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { type Bytes, isHoldfastError } from '../../base/index.ts';
import { context, contextConstructed, tag } from '../der/der-tag.ts';
import { writeTime } from '../der/der-time.ts';
import { type DerWriter, writeDer } from '../der/der-writer.ts';
import {
  certificatesFromPem,
  createName,
  exportPublicKey,
  extensionOids,
  formatName,
  generateKeyPair,
  type Identity,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../index.ts';
import { signerOf, writeSigned } from '../key/signing.ts';
import { writeName } from '../name/name.ts';
import { adding, ecKey, Openssl, selfSigned } from '../openssl.fixture.ts';
import { writeExtensions } from './write-extensions.ts';

test('everything openssl writes into a certificate is read', async () => {
  const subject = ['-subj', '/C=DE/O=Zürich AG/OU=a+OU=b/CN=*.example', '-utf8', '-multivalue-rdn'];
  const extensionOptions = adding(
    'subjectAltName=DNS:a.example,IP:::1,URI:https://a/b,email:a@b.c,RID:1.2.3,otherName:1.2.3;UTF8:x,dirName:dn',
    'keyUsage=critical,digitalSignature,keyCertSign,decipherOnly',
    'extendedKeyUsage=clientAuth,1.2.3.4',
    'nameConstraints=permitted;DNS:.example,excluded;IP:10.0.0.0/255.0.0.0',
    'crlDistributionPoints=URI:http://a/crl,URI:http://b/crl',
    'authorityInfoAccess=OCSP;URI:http://o,caIssuers;URI:http://i',
    'certificatePolicies=critical,1.2.3.4',
    '1.2.3.4.5=critical,DER:0500',
    '1.2.3.4.6=DER:0500',
  );
  const options = [
    ...ecKey('P-256'),
    '-days',
    '30',
    '-set_serial',
    '0x00ff01',
    ...subject,
    ...extensionOptions,
  ];
  const certificate = parseCertificate(await selfSigned(options));
  assert.equal(certificate.serial, 'ff01');
  assert.equal(formatName(certificate.subject), 'CN=*.example,OU=a+OU=b,O=Zürich AG,C=DE');
  assert.equal(certificate.notAfter.getTime() - certificate.notBefore.getTime(), 30 * 86_400_000);
  const { extensions } = certificate;
  assert.deepEqual(
    extensions.subjectAltNames.map(({ kind }) => kind),
    ['dns', 'ip', 'uri', 'email', 'other', 'other', 'directory'],
  );
  assert.deepEqual(extensions.keyUsage, ['digitalSignature', 'keyCertSign', 'decipherOnly']);
  assert.deepEqual(extensions.extendedKeyUsage, ['clientAuth', '1.2.3.4']);
  assert.deepEqual(extensions.nameConstraints?.permitted, [{ kind: 'dns', value: '.example' }]);
  const excluded = { address: Buffer.of(10, 0, 0, 0), prefixBits: 8 };
  assert.deepEqual(extensions.nameConstraints?.excluded, [{ kind: 'ip', value: excluded }]);
  assert.deepEqual(extensions.crlUrls, ['http://a/crl', 'http://b/crl']);
  assert.deepEqual([extensions.ocspUrls, extensions.issuerUrls], [['http://o'], ['http://i']]);
  assert.deepEqual(extensions.basicConstraints, { ca: true });
  assert.equal(extensions.subjectKeyId?.length, 20);
  assert.deepEqual(extensions.unknownCritical, ['1.2.3.4.5']);
  assert.deepEqual(extensions.all.get('1.2.3.4.5')?.value, Buffer.of(5, 0));
  assert.equal(extensions.all.get(extensionOids.keyUsage)?.critical, true);
  assert.equal(certificate.identity, undefined);
});

test('a revocation list of another issuer or for some reasons only is not taken for that of the issuer', async () => {
  const points =
    '[points]\nfullname=URI:http://some/crl\nreasons=keyCompromise\n' +
    '[other]\nfullname=URI:http://other/crl\nCRLissuer=dirName:dn\n' +
    '[relative]\nrelativename=dn\n';
  const options = [...ecKey('P-256'), ...adding('crlDistributionPoints=points,other,relative')];
  assert.deepEqual(parseCertificate(await selfSigned(options, points)).extensions.crlUrls, []);
});

test('a distribution point with reasons alone is malformed', async () => {
  const der = await selfSigned(adding('2.5.29.31=DER:30:06:30:04:81:02:01:06'));
  assert.throws(() => parseCertificate(der), { code: 'certificate_malformed', message: /names nothing/ });
});

test('an authority key identifier with issuer and serial number is read whole', async () => {
  const options = [...ecKey('P-256'), ...adding('authorityKeyIdentifier=keyid:always,issuer:always')];
  const { issuer, serial, extensions } = parseCertificate(await selfSigned(options));
  const keyId = extensions.subjectKeyId;
  assert.deepEqual(extensions.authorityKeyId, {
    keyId,
    issuer: [{ kind: 'directory', value: issuer }],
    serial,
  });
});

test('a certificate of version 1, which openssl reads alike, is read and has no extensions', async () => {
  await using openssl = await Openssl.open();
  const der = await withoutVersion();
  await openssl.write('cert.der', der);
  assert.match(
    await openssl.run('x509', '-inform', 'DER', '-in', 'cert.der', '-noout', '-text'),
    /Version: 1/,
  );
  const certificate = parseCertificate(der);
  assert.equal(certificate.version, 1);
  assert.equal(certificate.extensions.all.size, 0);
  assert.equal(verifyCertificateSignature(certificate, publicKeyOf(certificate)), true);
});

test('a certificate of version 1 with extensions is malformed', async () => {
  const der = await withoutVersion((writer) => {
    writer.inside(contextConstructed(3), () => writeExtensions(writer, {}, false));
  });
  assert.throws(() => parseCertificate(der), { code: 'certificate_malformed', message: /unexpected bytes/ });
});

test('unique identifiers are passed over in version 2, and malformed before', async () => {
  const identifiers = (writer: DerWriter): void => {
    for (const number of [1, 2]) writer.content(context(number), Uint8Array.of(0, 0xa5));
  };
  const second = (writer: DerWriter): void =>
    writer.inside(contextConstructed(0), () => writer.smallInteger(1));
  assert.equal(parseCertificate(await withoutVersion(identifiers, second)).version, 2);
  const first = await withoutVersion(identifiers);
  assert.throws(() => parseCertificate(first), { code: 'certificate_malformed' });
});

test('an identity is named by one uri alone', async () => {
  const uri = 'URI:spiffe://backup.example/client/alpha';
  const identity = { network: 'backup.example', role: 'client', name: 'alpha' };
  assert.deepEqual(await identityOf(`DNS:alpha,${uri}`), identity);
  assert.equal(await identityOf(`${uri},URI:spiffe://backup.example/admin/beta`), undefined);
  assert.equal(await identityOf(`${uri},URI:https://beta.example`), undefined);
  assert.equal(await identityOf('DNS:alpha'), undefined);
});

test('an extension that is there twice is malformed', async () => {
  const options = [...ecKey('P-256'), ...adding('1.2.3.4.5=DER:0500', '1.2.3.4.6=DER:0500')];
  const bytes = await selfSigned(options);
  const [five, six] = [Buffer.from('06042a030405', 'hex'), Buffer.from('06042a030406', 'hex')];
  bytes.set(five, bytes.indexOf(six));
  const malformed = { code: 'certificate_malformed', message: /1\.2\.3\.4\.5 is there twice/ };
  assert.throws(() => parseCertificate(bytes), malformed);
});

test('two different signature algorithms in one certificate are malformed', async () => {
  const bytes = await selfSigned(ecKey('P-256'));
  const sha256 = Buffer.from('2a8648ce3d040302', 'hex');
  bytes[bytes.lastIndexOf(sha256) + 7] = 3;
  assert.throws(() => parseCertificate(bytes), { code: 'certificate_malformed', message: /two different/ });
});

test('the certificates that Node trusts agree with Node on their fingerprint and key', () => {
  for (const pem of rootCertificates) {
    const [der = Buffer.alloc(0)] = certificatesFromPem(pem);
    const [ours, theirs] = [parseCertificate(der), new X509Certificate(pem)];
    assert.equal(ours.fingerprint, `SHA256:${theirs.fingerprint256.toLowerCase()}`);
    assert.equal(ours.serial, theirs.serialNumber.toLowerCase().padStart(2, '0'));
    assert.equal(ours.notAfter.getTime(), theirs.validToDate.getTime());
    assert.ok(
      createPublicKey(theirs.publicKey.export({ type: 'spki', format: 'pem' })).equals(publicKeyOf(ours)),
    );
  }
});

for (const { id, pems } of limbo()) {
  test(`the certificates of ${id} are read or refused with an expected error`, () => {
    for (const der of pems.flatMap(certificatesFromPem)) {
      try {
        publicKeyOf(parseCertificate(der));
      } catch (error) {
        assert.ok(isHoldfastError(error, 'certificate_malformed', 'key_unsupported'), String(error));
      }
    }
  });
}

/** The certificates of the published vectors, where they are at hand. */
function limbo(): readonly { readonly id: string; readonly pems: readonly string[] }[] {
  const file = new URL('../../../../shared/vectors/x509-limbo.json', import.meta.url);
  if (!existsSync(file)) return [];
  const { testcases } = JSON.parse(readFileSync(file, 'utf8')) as { testcases: LimboCase[] };
  return testcases.map(({ id, trusted_certs, untrusted_intermediates, peer_certificate }) => ({
    id,
    pems: [...trusted_certs, ...untrusted_intermediates, peer_certificate],
  }));
}

interface LimboCase {
  readonly id: string;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
}

async function identityOf(names: string): Promise<Identity | undefined> {
  const options = [...ecKey('P-256'), ...adding(`subjectAltName=${names}`)];
  return parseCertificate(await selfSigned(options)).identity;
}

/** A certificate in the oldest form; `writeTail` writes what comes after its key. */
async function withoutVersion(
  writeTail: (writer: DerWriter) => void = () => {},
  writeHead: (writer: DerWriter) => void = () => {},
): Promise<Bytes> {
  const { privateKey, publicKey } = await generateKeyPair('p256');
  const signer = signerOf(privateKey);
  const name = createName({ CN: 'old' });
  const writeTbs = (writer: DerWriter) => {
    writeHead(writer);
    writer.smallInteger(1);
    writer.element(signer.algorithm);
    writeName(writer, name);
    writer.inside(tag.sequence, () => {
      writeTime(writer, new Date('1999-01-01'));
      writeTime(writer, new Date('2049-01-01'));
    });
    writeName(writer, name);
    writer.element(exportPublicKey(publicKey));
    writeTail(writer);
  };
  return writeDer((writer) =>
    writeSigned(writer, signer, () => writer.inside(tag.sequence, () => writeTbs(writer))),
  );
}
