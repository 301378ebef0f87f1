import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import {
  type CrlEntry,
  certificatePem,
  createCrl,
  crlPem,
  encodeCrlEntries,
  equalNames,
  exportPublicKey,
  generateSerialNumber,
  type KeyAlgorithm,
  keyIdentifier,
  parseCertificate,
  parseCrl,
  revocationReasons,
  verifyCrlSignature,
} from '../index.ts';
import { type Holder, sampleName, sampleNetwork } from '../network.fixture.ts';
import { Openssl, words } from '../openssl.fixture.ts';
import type { CrlTemplate } from './create-crl.ts';

const algorithms: readonly KeyAlgorithm[] = ['p256', 'p384', 'p521', 'rsa2048', 'ed25519'];
const thisUpdate = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
const nextUpdate = new Date(thisUpdate.getTime() + 86_400_000);

for (const algorithm of algorithms) {
  test(`openssl refuses what a crl signed with ${algorithm} lists, and takes what it does not list`, async () => {
    await using openssl = await Openssl.open();
    const { root, issuing, leaf } = await sampleNetwork(algorithm);
    await openssl.write('root.pem', certificatePem(root.der));
    await openssl.write('issuing.pem', certificatePem(issuing.der));
    await openssl.write('leaf.pem', certificatePem(leaf.der));
    const verify = (crl: string) =>
      openssl.run(
        ...words(
          `verify -x509_strict -CAfile root.pem -untrusted issuing.pem -crl_check_all -CRLfile ${crl} leaf.pem`,
        ),
      );
    const ofRoot = crlPem(crlOf(root, 'root'));
    await openssl.write('other.pem', ofRoot + crlPem(crlOf(issuing, 'issuing', [entry()])));
    assert.match(await verify('other.pem'), /leaf.pem: OK/);
    const listed = entry({ serial: parseCertificate(leaf.der).serial });
    await openssl.write('listed.pem', ofRoot + crlPem(crlOf(issuing, 'issuing', [entry(), listed])));
    await assert.rejects(verify('listed.pem'), /certificate revoked/);
    await openssl.write('foreign.pem', ofRoot + crlPem(crlOf(leaf, 'issuing', [entry()])));
    await assert.rejects(verify('foreign.pem'), /CRL signature failure|unable to get certificate CRL/);
  });
}

test('what a crl says comes back as it was written, and only the signature of its issuer holds', async () => {
  const { issuing, leaf } = await sampleNetwork();
  const entries = revocationReasons.map((reason) => entry({ reason }));
  const crl = parseCrl(crlOf(issuing, 'issuing', entries, { number: 1n << 158n }));
  assert.ok(equalNames(crl.issuer, sampleName('issuing')));
  assert.equal(crl.number, 1n << 158n);
  assert.deepEqual(crl.thisUpdate, thisUpdate);
  assert.deepEqual(crl.nextUpdate, nextUpdate);
  assert.deepEqual([...crl.revoked.values()], entries);
  assert.deepEqual(crl.unknownCritical, []);
  assert.deepEqual(crl.authorityKeyId?.keyId, parseCertificate(issuing.der).extensions.subjectKeyId);
  assert.ok(verifyCrlSignature(crl, issuing.keys.publicKey));
  assert.ok(!verifyCrlSignature(crl, leaf.keys.publicKey));
});

test('openssl and certtool show number, reasons and times as written', async () => {
  await using openssl = await Openssl.open();
  const { issuing } = await sampleNetwork();
  const entries = [entry({ reason: 'keyCompromise' }), entry({ reason: 'unspecified' })];
  await openssl.write('crl.pem', crlPem(crlOf(issuing, 'issuing', entries, { number: 1_795_000_000_123n })));
  await openssl.write('issuing.pem', certificatePem(issuing.der));
  const text = await openssl.run('crl', '-in', 'crl.pem', '-noout', '-text', '-CAfile', 'issuing.pem');
  assert.match(text, /verify OK/);
  assert.match(text, /Version 2/);
  assert.match(text, /X509v3 CRL Number:\s+0x1A1EE1A407B|CRL Number:\s+1795000000123/);
  assert.equal(text.match(/CRL Reason Code/g)?.length, 1);
  assert.match(text, /Key Compromise/);
  const info = await run('certtool', ['--crl-info', '--infile', 'crl.pem'], openssl.directory);
  for (const { serial } of entries) assert.ok(info.includes(serial), info);
  const verified = await run(
    'certtool',
    ['--verify-crl', '--load-ca-certificate', 'issuing.pem', '--infile', 'crl.pem'],
    openssl.directory,
  );
  assert.match(verified, /Verification output: Verified/);
});

test('an empty crl is one without a list', async () => {
  await using openssl = await Openssl.open();
  const { issuing } = await sampleNetwork();
  const der = crlOf(issuing, 'issuing');
  assert.equal(parseCrl(der).revoked.size, 0);
  await openssl.write('crl.pem', crlPem(der));
  const text = await openssl.run('crl', '-in', 'crl.pem', '-noout', '-text');
  assert.match(text, /No Revoked Certificates/);
});

test('a crl that openssl made is read alike', async () => {
  await using openssl = await Openssl.open();
  await openssl.write('ca.cnf', caConfig);
  await openssl.write('index.txt', 'R\t300101000000Z\t260102030405Z,keyCompromise\t0A0B\tunknown\t/CN=x\n');
  await openssl.write('crlnumber', '7F01\n');
  await openssl.run(
    ...words('req -x509 -newkey rsa:2048 -nodes -subj /CN=openssl -keyout ca.key -out ca.pem'),
  );
  await openssl.run('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem');
  await openssl.run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
  const crl = parseCrl(await openssl.read('crl.der'));
  assert.equal(crl.number, 0x7f01n);
  const revokedAt = new Date('2026-01-02T03:04:05Z');
  assert.deepEqual([...crl.revoked.values()], [{ serial: '0a0b', revokedAt, reason: 'keyCompromise' }]);
});

test('a hundred thousand entries are written, and read again', async () => {
  const { issuing } = await sampleNetwork();
  const entries = Array.from({ length: 100_000 }, () => entry({ reason: 'superseded' }));
  assert.equal(parseCrl(crlOf(issuing, 'issuing', entries)).revoked.size, entries.length);
});

test('a crl that says a thing twice, or not what it has to, is malformed', async () => {
  const { issuing } = await sampleNetwork();
  const twice = entry();
  assert.throws(() => parseCrl(crlOf(issuing, 'issuing', [twice, twice])), {
    code: 'crl_malformed',
    message: /is there twice/,
  });
  assert.throws(() => parseCrl(issuing.der), { code: 'crl_malformed' });
});

test('a crl that cannot be written is a mistake of the caller', async () => {
  const { issuing } = await sampleNetwork();
  assert.throws(() => crlOf(issuing, 'issuing', [], { number: 1n << 159n }), TypeError);
  assert.throws(() => crlOf(issuing, 'issuing', [], { number: -1n }), TypeError);
  assert.throws(() => crlOf(issuing, 'issuing', [], { nextUpdate: thisUpdate }), TypeError);
});

const caConfig = `[ca]
default_ca=here
[here]
database=index.txt
crlnumber=crlnumber
certificate=ca.pem
private_key=ca.key
default_md=sha256
default_crl_days=30
crl_extensions=crl
[crl]
authorityKeyIdentifier=keyid
`;

function crlOf(
  issuer: Holder,
  name: string,
  entries: readonly CrlEntry[] = [],
  changes: Partial<CrlTemplate> = {},
) {
  const template = {
    issuer: sampleName(name),
    authorityKeyId: keyIdentifier(exportPublicKey(issuer.keys.publicKey)),
    number: 7n,
    thisUpdate,
    nextUpdate,
    entries: [encodeCrlEntries(entries)],
    ...changes,
  };
  return createCrl(template, issuer.keys.privateKey);
}

function entry(changes: Partial<CrlEntry> = {}): CrlEntry {
  return {
    serial: generateSerialNumber(Date.now()),
    revokedAt: thisUpdate,
    reason: 'superseded',
    ...changes,
  };
}

async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(program, args, { cwd });
  return stdout + stderr;
}
