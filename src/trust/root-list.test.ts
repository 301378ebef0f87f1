import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Holder, SampleAuthority } from '../../test/rig/sample-certificates.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { dayMs } from '../base/index.ts';
import {
  type Certificate,
  createCrl,
  encodeCrlEntries,
  exportPublicKey,
  keyIdentifier,
  parseCertificate,
} from '../pki/index.ts';
import {
  isRevokedByRoot,
  loadRootLists,
  readRootList,
  saveRootLists,
  tellsMore,
  withRootList,
} from './root-list.ts';
import { singleRootBundle, type TrustBundle } from './trust-bundle.ts';
import { verifyIdentity } from './verify-server.ts';

const nowMs = Date.now();

function listOf(root: Holder, number: number, revoked: readonly Certificate[]): Uint8Array {
  const entries = revoked.map(({ serial }) => ({
    serial,
    revokedAt: new Date(nowMs),
    reason: 'cACompromise' as const,
  }));
  return createCrl(
    {
      issuer: root.subject,
      authorityKeyId: keyIdentifier(exportPublicKey(root.keys.publicKey)),
      number: BigInt(number),
      thisUpdate: new Date(nowMs),
      nextUpdate: new Date(nowMs + dayMs),
      entries: [encodeCrlEntries(entries)],
    },
    root.keys.privateKey,
  );
}

async function sample() {
  const authority = await SampleAuthority.create();
  const other = await SampleAuthority.create();
  const bundle = singleRootBundle(authority.network, authority.root.der);
  const read = (number: number, revoked: readonly Certificate[]) =>
    readRootList(listOf(authority.root, number, revoked), bundle.anchors);
  const [issuing, next] = [authority.issuing, other.issuing].map(({ der }) => parseCertificate(der));
  assert.ok(issuing && next);
  return { authority, other, bundle, read, issuing, next };
}

describe('what roots have revoked', () => {
  it('is taken from a list that a root of the network signed, and from no other', async () => {
    const { authority, other, bundle, issuing } = await sample();
    const { root, crl } = readRootList(listOf(authority.root, 1, [issuing]), bundle.anchors);
    assert.equal(root, bundle.anchors[0]?.fingerprint);
    assert.deepEqual([...crl.revoked.keys()], [issuing.serial]);
    const bytes = [
      listOf(other.root, 2, [issuing]),
      listOf(authority.issuing, 2, [issuing]),
      new Uint8Array(9),
    ];
    for (const der of bytes)
      assert.throws(() => readRootList(der, bundle.anchors), { code: 'crl_malformed' });
    const changed = Uint8Array.from(listOf(authority.root, 3, [issuing]));
    changed[60] = (changed[60] as number) ^ 1;
    assert.throws(() => readRootList(changed, bundle.anchors), { code: 'crl_malformed' });
  });

  it('stays so, whatever lists come after it', async () => {
    const { read, issuing, next } = await sample();
    const first = read(5, [issuing]);
    let known = withRootList([], first);
    for (const list of [read(4, []), read(5, []), read(6, []), read(7, [next]), read(3, [])]) {
      known = withRootList(known, list);
      assert.ok(isRevokedByRoot(known, first.root, issuing));
    }
    assert.ok(isRevokedByRoot(known, first.root, next));
    const all = read(9, [issuing, next]);
    known = withRootList(known, all);
    assert.deepEqual(known, [all]);
    assert.equal(withRootList(known, read(8, [next])), known);
    assert.equal(withRootList(known, all), known);
  });

  it('is news only when a list has what no list before had', async () => {
    const { read, issuing, next } = await sample();
    const known = withRootList([], read(1, [issuing]));
    assert.equal(tellsMore(known, read(2, [issuing])), false);
    assert.equal(tellsMore(known, read(2, [])), false);
    assert.equal(tellsMore(known, read(2, [issuing, next])), true);
  });

  it('is refused in every path below that root, and in none below another', async () => {
    const { authority, bundle, read, issuing } = await sample();
    const { chain } = await authority.issue('server', 'vault');
    const check = (trusted: TrustBundle) =>
      verifyIdentity({ chain, bundle: trusted, roles: ['server'], purpose: 'serverAuth', at: new Date() });
    assert.equal(check({ ...bundle, rootLists: [read(1, [])] }).identity.name, 'vault');
    const list = read(2, [issuing]);
    assert.throws(() => check({ ...bundle, rootLists: [list] }), {
      code: 'issuer_revoked',
      message: /CN=issuing.* was revoked by .*CN=root/,
    });
    const otherRoot = { ...list, root: parseCertificate(authority.issuing.der).fingerprint };
    assert.equal(check({ ...bundle, rootLists: [otherRoot] }).identity.name, 'vault');
  });

  it('is kept in a file, which is whole or damaged', async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'root-crls.pem');
    const { bundle, other, read, issuing, next } = await sample();
    assert.deepEqual(await loadRootLists(path, bundle.anchors), []);
    const lists = [read(1, [issuing]), read(2, [next])];
    await saveRootLists(path, lists);
    assert.deepEqual(
      (await loadRootLists(path, bundle.anchors)).map(({ crl }) => crl.number),
      [1n, 2n],
    );
    const stranger = singleRootBundle(other.network, other.root.der);
    await assert.rejects(loadRootLists(path, stranger.anchors), { code: 'trust_bundle_damaged' });
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -20));
    await assert.rejects(loadRootLists(path, bundle.anchors), { code: 'trust_bundle_damaged' });
    writeFileSync(path, '');
    await assert.rejects(loadRootLists(path, bundle.anchors), { code: 'trust_bundle_damaged' });
  });
});
