import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorityLines, opensslCertificate } from '../../test/rig/openssl-certificates.ts';
import { type Holder, SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { trustAnchor } from './trust-anchor.ts';
import { singleRootBundle, type TrustBundle } from './trust-bundle.ts';
import { verifyServer } from './verify-server.ts';

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
