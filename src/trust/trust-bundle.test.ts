import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { dayMs, type ErrorCode, isHoldfastError } from '../base/index.ts';
import { roles } from '../pki/index.ts';
import { trustAnchor } from './root-list.ts';
import { loadTrustBundle, saveTrustBundle, singleRootBundle } from './trust-bundle.ts';
import { verifyIdentity } from './verify-server.ts';

const authority = await SampleAuthority.create();
const other = await SampleAuthority.create('other.example');
const bundle = singleRootBundle(authority.network, authority.root.der);

const code = (wanted: ErrorCode) => (error: unknown) => isHoldfastError(error, wanted);

test('a bundle that was saved is the same when it is loaded', async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'trust.json');
  const server = trustAnchor(other.root.der, { kind: 'server', names: ['a.example'] });
  const full = { ...bundle, anchors: [...bundle.anchors, server] };
  await saveTrustBundle(path, full);
  const loaded = await loadTrustBundle(path);
  assert.equal(loaded.network, full.network);
  assert.deepEqual(
    loaded.anchors.map(({ fingerprint, speaksFor }) => ({ fingerprint, speaksFor })),
    full.anchors.map(({ fingerprint, speaksFor }) => ({ fingerprint, speaksFor })),
  );
  assert.deepEqual(Buffer.from(loaded.anchors[0]?.certificate ?? []), Buffer.from(authority.root.der));
});

test('a bundle that is not there is told from one that is damaged', async () => {
  using directory = temporaryDirectory();
  await assert.rejects(loadTrustBundle(join(directory.path, 'none.json')), code('trust_bundle_missing'));
});

const damages: readonly (readonly [what: string, damage: (text: string) => string])[] = [
  ['cut off', (text) => text.slice(0, -20)],
  ['empty', () => ''],
  ['of another version', (text) => text.replace('"version": 1', '"version": 2')],
  ['with another fingerprint', (text) => text.replace(/SHA256:../, 'SHA256:xx')],
  [
    'with a changed certificate',
    (text) => text.replace(/(?<="certificate": ".{40})./, (was) => (was === 'A' ? 'B' : 'A')),
  ],
  ['with something unknown', (text) => text.replace('"network"', '"more": 1, "network"')],
];
for (const [what, damage] of damages) {
  test(`a bundle ${what} is damaged, and the file is named`, async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'trust.json');
    await saveTrustBundle(path, bundle);
    const text = await readFile(path, 'utf8');
    assert.notEqual(damage(text), text);
    await writeFile(path, damage(text));
    await assert.rejects(loadTrustBundle(path), (error) => {
      assert.ok(isHoldfastError(error, 'trust_bundle_damaged'));
      return error.message.startsWith(path);
    });
  });
}

test('a root that speaks for servers or for another network names nobody in ours', async () => {
  const { chain } = await authority.issue('client', 'laptop');
  const request = { chain, roles, purpose: 'clientAuth', at: new Date() } as const;
  assert.equal(verifyIdentity({ ...request, bundle }).identity.name, 'laptop');
  for (const speaksFor of [
    { kind: 'server', names: ['laptop'] },
    { kind: 'network', network: 'other.example' },
  ] as const) {
    const limited = { ...bundle, anchors: [trustAnchor(authority.root.der, speaksFor)] };
    assert.throws(
      () => verifyIdentity({ ...request, bundle: limited }),
      code('certificate_unknown_authority'),
    );
  }
});

test('an authority cannot be a node, and a key that may not sign proves nothing', async () => {
  const request = { bundle, roles, purpose: 'clientAuth', at: new Date() } as const;
  for (const extensions of [
    { basicConstraints: { ca: true }, keyUsage: ['digitalSignature', 'keyCertSign'] },
    { keyUsage: ['keyEncipherment'] },
  ] as const) {
    const { chain } = await authority.issue('client', 'laptop', { extensions });
    assert.throws(() => verifyIdentity({ ...request, chain }), code('certificate_not_allowed'));
  }
});

test('no certificate at all is certificate_required', () => {
  const request = {
    chain: [],
    bundle,
    roles,
    purpose: 'clientAuth',
    at: new Date(Date.now() + dayMs),
  } as const;
  assert.throws(() => verifyIdentity(request), code('certificate_required'));
});
