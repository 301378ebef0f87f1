import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { dayMs, type ErrorCode, hourMs, isHoldfastError, silentLog } from '../src/base/index.ts';
import { type SignedNetworkView, signNetworkView } from '../src/enrol/index.ts';
import { parseCertificate } from '../src/pki/index.ts';
import { ClientLedger } from '../src/server/client-ledger.ts';
import { GuardedStore } from '../src/server/guarded-store.ts';
import { KeptView } from '../src/server/storage-node/kept-view.ts';
import { nodeRules } from '../src/server/storage-node/node-rules.ts';
import { ViewDesk } from '../src/server/views/view-desk.ts';
import { MemoryStore } from '../src/storage/index.ts';
import { Hot } from '../src/transport/index.ts';
import { singleRootBundle, type TrustBundle } from '../src/trust/index.ts';
import { SampleAuthority } from './rig/sample-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const refused = (code: ErrorCode) => (error: unknown) => isHoldfastError(error, code);

/** A storage node's view of the network of `home`, kept below `place`. */
async function viewOf(home: SampleHome, place: TemporaryDirectory, bundle?: TrustBundle): Promise<KeptView> {
  return await KeptView.open({
    file: join(place.path, 'view.json'),
    bundle: new Hot(bundle ?? home.authority.trustBundle),
    clock: home.clock,
    log: silentLog,
  });
}

/** The view as it is, taken by the node. */
async function tell(home: SampleHome, view: KeptView): Promise<SignedNetworkView> {
  const { signed } = await home.authority.views.make();
  await view.take(signed);
  return signed;
}

describe('the view of a network that a storage node goes by', () => {
  it('says who is good, by the whole certificate, and is kept', async () => {
    await using home = await SampleHome.open();
    using place = temporaryDirectory();
    const { issued } = await home.node('alpha');
    const [leaf = new Uint8Array()] = issued.chain;
    const view = await viewOf(home, place);
    assert.equal(view.isGood(leaf), false);
    assert.throws(() => view.checkFresh(), refused('view_expired'));
    await tell(home, view);
    view.checkFresh();
    assert.equal(view.isGood(leaf), true);
    assert.equal((await viewOf(home, place)).isGood(leaf), true);
    // Whoever has the key of an issuer makes others of the same number.
    const other = Uint8Array.from(leaf);
    other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
    assert.equal(view.isGood(other), false);
    await home.authority.revocation.revoke(
      { kind: 'identity', identity: { role: 'client', name: 'alpha' } },
      { reason: 'unspecified', by: 'admin/ann' },
    );
    await tell(home, view);
    assert.equal(view.isGood(leaf), false);
  });

  it('is refused when it is older, altered, of another network, or signed by somebody else', async () => {
    await using home = await SampleHome.open();
    using place = temporaryDirectory();
    const view = await viewOf(home, place);
    const older = await tell(home, view);
    const { issued } = await home.node('alpha');
    const [leaf = new Uint8Array()] = issued.chain;
    const newest = await tell(home, view);
    await assert.rejects(view.take(older), refused('view_invalid'));
    const altered = { ...newest, view: newest.view.replace('"quotaBytes":0', '"quotaBytes":1') };
    assert.notEqual(altered.view, newest.view);
    await assert.rejects(view.take(altered), refused('view_invalid'));
    const stranger = await SampleAuthority.create(home.authority.network);
    const forged = signNetworkView(JSON.parse(newest.view), {
      key: stranger.issuing.keys.privateKey,
      certificate: parseCertificate(stranger.issuing.der),
    });
    await assert.rejects(view.take(forged), refused('certificate_unknown_authority'));
    // Whoever only has a node's certificate issues nothing.
    const { chain, privateKey } = await stranger.issue('storage', 'vault9');
    const trusting = await viewOf(home, place, singleRootBundle(stranger.network, stranger.root.der));
    const byNode = signNetworkView(JSON.parse(newest.view), {
      key: privateKey,
      certificate: parseCertificate(chain[0] as Uint8Array),
    });
    await assert.rejects(trusting.take(byNode), (error) => isHoldfastError(error));
    const elsewhere = { ...JSON.parse(newest.view), network: 'other.example' };
    const wrong = signNetworkView(elsewhere, {
      key: stranger.issuing.keys.privateKey,
      certificate: parseCertificate(stranger.issuing.der),
    });
    await assert.rejects(trusting.take(wrong), refused('view_invalid'));
    assert.equal(view.isGood(leaf), true);
  });

  it('is not believed when its file was changed on the disk', async () => {
    await using home = await SampleHome.open();
    using place = temporaryDirectory();
    await tell(home, await viewOf(home, place));
    const file = join(place.path, 'view.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('quotaBytes', 'quotabytes'));
    assert.equal((await viewOf(home, place)).current, undefined);
    writeFileSync(file, '{');
    assert.equal((await viewOf(home, place)).current, undefined);
  });

  it('lets a node that is cut off go on for viewLifetimeMs, and then give and take nothing new', async () => {
    await using home = await SampleHome.open();
    using place = temporaryDirectory();
    await home.node('alpha');
    await home.authority.policy.set('viewLifetimeMs', '12h', 'admin/ann');
    const view = await viewOf(home, place);
    await tell(home, view);
    const rules = nodeRules(view, home.authority, silentLog);
    const ledger = new ClientLedger({ authority: rules, directory: place.path, log: silentLog });
    const inner = new MemoryStore();
    const store = new GuardedStore(inner, {
      bounds: () => rules.clients.boundsOf('alpha'),
      account: ledger.account('alpha'),
    });
    const config = Buffer.from('of the repository');
    const write = (): Promise<void> => store.write({ type: 'config' }, [config], { size: config.length });
    home.clock.advance(11 * hourMs);
    await store.create();
    home.clock.advance(2 * hourMs);
    await assert.rejects(write(), refused('view_expired'));
    await assert.rejects(store.create(), refused('view_expired'));
    // A clock that is set back makes no view younger than it is by its own word.
    home.clock.advance(-30 * dayMs);
    assert.equal(view.time(), Date.parse(view.current?.made ?? ''));
    home.clock.advance(30 * dayMs);
    assert.deepEqual(await store.list('snapshots'), []);
    await tell(home, view);
    await store.create();
  });
});

describe('the desk of views', () => {
  it('holds an answer back until something in the view is another, and makes one anew before it is old', async () => {
    await using home = await SampleHome.open();
    await home.node('alpha');
    await using desk = new ViewDesk({ authority: home.authority, clock: home.clock, log: silentLog });
    const gone = new AbortController().signal;
    const ask = (known?: string) => desk.viewFor({ node: 'vault1', known, gone });
    const first = await ask();
    const held = ask(first?.tag);
    await home.authority.clients.bound({ name: 'alpha', quarantined: true, by: 'admin/ann' });
    const second = await held;
    assert.match(second?.text ?? '', /quarantinedAt\\":\\"2/);
    home.clock.advance(hourMs);
    assert.notEqual((await ask(second?.tag))?.tag, second?.tag);
  });
});
