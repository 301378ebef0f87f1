import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorityLines, opensslCertificate } from '../../test/rig/openssl-certificates.ts';
import { type Holder, SampleAuthority, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { isHoldfastError } from '../base/index.ts';
import { type Certificate, createName, type GeneralName, parseCertificate } from '../pki/index.ts';
import { trustAnchor } from './root-list.ts';
import { singleRootBundle, type TrustBundle } from './trust-bundle.ts';
import { verifyServer, verifyServerName } from './verify-server.ts';

const host = 'mail.example';
const network = await SampleAuthority.create();
const elsewhere = opensslCertificate({ subject: '/CN=elsewhere', extensions: authorityLines });
/** As easy-rsa makes its root. */
const plain = opensslCertificate({
  subject: '/CN=plain',
  extensions: [
    'basicConstraints=CA:TRUE',
    'subjectKeyIdentifier=hash',
    'authorityKeyIdentifier=keyid:always,issuer:always',
    'keyUsage=cRLSign,keyCertSign',
  ],
});

const serverOf = (issuer: Holder, keyUsage = 'digitalSignature'): Holder =>
  opensslCertificate({
    subject: '/CN=legacy-name.example',
    issuer,
    extensions: [
      `subjectAltName=DNS:${host}`,
      `keyUsage=critical,${keyUsage}`,
      'extendedKeyUsage=serverAuth',
      'authorityKeyIdentifier=keyid',
    ],
  });

function bundleWith(root: Holder): TrustBundle {
  const own = singleRootBundle(network.network, network.root.der);
  return { ...own, anchors: [...own.anchors, trustAnchor(root.der, { kind: 'server', names: [host] })] };
}

const verify = (leaf: Holder, root: Holder, called = host, isPublicRoot?: () => boolean) =>
  verifyServer({
    chain: [leaf.der],
    bundle: bundleWith(root),
    roles: ['server'],
    host: called,
    at: new Date(),
    ...(isPublicRoot && { isPublicRoot }),
  });

test('a server from elsewhere is taken by its alternative names, whatever its common name says', () => {
  for (const root of [elsewhere, plain]) assert.equal(verify(serverOf(root), root).length, 2);
  assert.throws(() => verify(serverOf(elsewhere), elsewhere, 'legacy-name.example'), {
    code: 'certificate_unknown_authority',
  });
});

test('below a root of the public web, a common name that is none of the names is refused', () => {
  assert.throws(() => verify(serverOf(elsewhere), elsewhere, host, () => true), {
    code: 'certificate_not_allowed',
    message: /calls itself "legacy-name\.example"/,
  });
});

test('a server whose key may only encipher is refused, from here and from elsewhere', async () => {
  assert.throws(() => verify(serverOf(elsewhere, 'keyEncipherment'), elsewhere), {
    code: 'certificate_not_allowed',
    message: /has a key for keyEncipherment, expected digitalSignature/,
  });
  const { chain } = await network.issue('server', 'vault', { extensions: { keyUsage: ['keyAgreement'] } });
  const bundle = singleRootBundle(network.network, network.root.der);
  const request = { chain, bundle, roles: ['server'], host: 'localhost', at: new Date() } as const;
  assert.throws(() => verifyServer(request), { code: 'certificate_not_allowed', message: /keyAgreement/ });
});

async function certificateFor(names: readonly GeneralName[], common = 'server'): Promise<Certificate> {
  const { der } = await sampleCertificate({
    subject: createName({ CN: common }),
    extensions: { subjectAltNames: names },
  });
  return parseCertificate(der);
}

const dns = (value: string): GeneralName => ({ kind: 'dns', value });
const ip = (value: string): GeneralName => ({ kind: 'ip', value });

const rows: readonly (readonly [presented: GeneralName, wanted: string, matches: boolean])[] = [
  [dns('a.example'), 'a.example', true],
  [dns('a.example'), 'A.EXAMPLE', true],
  [dns('A.Example'), 'a.example', true],
  [dns('a.example'), 'a.example.', true],
  [dns('a.example'), 'b.example', false],
  [dns('a.example'), 'x.a.example', false],
  [dns('localhost'), 'localhost', true],
  [dns('*.b.example'), 'a.b.example', true],
  [dns('*.b.example'), 'b.example', false],
  [dns('*.b.example'), 'x.a.b.example', false],
  [dns('*.example'), 'a.example', false],
  [dns('*'), 'a', false],
  [dns('a*.b.example'), 'ax.b.example', false],
  [dns('a.*.example'), 'a.b.example', false],
  [dns('*.b.example'), '*.b.example', false],
  [dns('a.example'), '', false],
  [dns('192.0.2.1'), '192.0.2.1', false],
  [ip('192.0.2.1'), '192.0.2.1', true],
  [ip('192.0.2.1'), '192.0.2.2', false],
  [ip('2001:db8::1'), '[2001:db8:0::1]', true],
  [ip('2001:db8::1'), '2001:DB8::1', true],
  [ip('192.0.2.1'), '::ffff:192.0.2.1', false],
  [{ kind: 'uri', value: 'https://a.example/' }, 'a.example', false],
];

for (const [presented, wanted, matches] of rows) {
  const { value } = presented as { value: string };
  test(`${presented.kind} ${value} is ${matches ? '' : 'not '}the name of ${JSON.stringify(wanted)}`, async () => {
    const certificate = await certificateFor([presented]);
    if (matches) verifyServerName(certificate, wanted);
    else assert.throws(() => verifyServerName(certificate, wanted), wrongName);
  });
}

function wrongName(error: unknown): boolean {
  return isHoldfastError(error, 'certificate_wrong_name');
}

test('the common name never stands in for an alternative name', async () => {
  const certificate = await certificateFor([], 'a.example');
  assert.throws(() => verifyServerName(certificate, 'a.example'), wrongName);
});

test('a common name that is none of the alternative names is not looked at', async () => {
  const other = await certificateFor([dns('a.example'), ip('192.0.2.1')], 'b.example');
  verifyServerName(other, 'a.example');
  verifyServerName(other, '192.0.2.1');
  assert.throws(() => verifyServerName(other, 'b.example'), wrongName);
});

test('a host beyond ASCII is compared by its A-labels', async () => {
  const certificate = await certificateFor([dns('xn--bcher-kva.example'), dns('*.xn--bcher-kva.example')]);
  verifyServerName(certificate, 'bücher.example');
  verifyServerName(certificate, 'www.BÜCHER.example.');
  assert.throws(() => verifyServerName(certificate, 'büche.example'), wrongName);
  assert.throws(() => verifyServerName(certificate, 'ü'.repeat(100_000)), wrongName);
});

test('a wildcard stands for no part of an A-label', async () => {
  const certificate = await certificateFor([dns('xn--*.example'), dns('xn--bcher-*.b.example')]);
  assert.throws(() => verifyServerName(certificate, 'bücher.example'), wrongName);
  assert.throws(() => verifyServerName(certificate, 'xn--bcher-kva.b.example'), wrongName);
});

test('the message lists the names that were seen and the one wanted', async () => {
  const certificate = await certificateFor([dns('a.example'), ip('192.0.2.1')]);
  assert.throws(
    () => verifyServerName(certificate, 'b.example'),
    /dns:a\.example, ip:192\.0\.2\.1, expected b\.example/,
  );
});
