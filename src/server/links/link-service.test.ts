import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../../test/rig/free-ports.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { equalBytes, ManualClock, minuteMs, silentLog, systemClock } from '../../base/index.ts';
import {
  dialSite,
  Links,
  openPairing,
  pairWith,
  regenerateSite,
  testSite,
  trustPartner,
} from '../../sync/index.ts';
import { presentedChain } from '../../transport/index.ts';
import { type LinkMount, startLinkService } from './link-service.ts';

const clock = systemClock;

/** A site with its listener, in this process. */
async function startSite(directory: string, site: string, mounts: readonly LinkMount[] = []) {
  const port = await freePorts(1);
  const home = join(directory, site);
  await Links.generate(home, {
    site,
    network: `${site}.example`,
    networkRoot: `SHA256:${site}`,
    shares: 'all',
    addresses: [`127.0.0.1:${port}`],
    port,
    host: '127.0.0.1',
    algorithm: 'p256',
    nowMs: clock.now(),
  });
  const service = await startLinkService({ directory: home, mounts, clock, log: silentLog });
  return {
    port,
    links: () => Links.open(home),
    stop: () => service[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

type Site = Awaited<ReturnType<typeof startSite>>;

async function pairUp(one: Site, other: Site): Promise<{ readonly compare: string; readonly words: string }> {
  const { words } = await openPairing(await one.links(), { lifetimeMs: minuteMs, clock });
  const code = { words, address: `127.0.0.1:${one.port}` };
  const { compare } = await pairWith(await other.links(), { code, clock });
  return { compare, words };
}

const all = (steps: readonly { readonly ok: boolean }[]): boolean =>
  steps.length > 0 && steps.every(({ ok }) => ok);

describe('links', () => {
  it('pair two sites by a code, both directions at once, with the same words on both sides', async () => {
    using directory = temporaryDirectory();
    await using one = await startSite(directory.path, 'one');
    await using two = await startSite(directory.path, 'two');
    const { compare, words } = await pairUp(one, two);
    const [first, second] = [await one.links(), await two.links()];
    assert.equal(first.state.offer?.compare, compare);
    assert.deepEqual(
      first.partners.map(({ name }) => name),
      ['two'],
    );
    assert.deepEqual(
      second.partners.map(({ name }) => name),
      ['one'],
    );
    const tested = await testSite(second, 'one', { clock });
    assert.ok(all(tested.there) && all(tested.back), JSON.stringify(tested));
    await using stranger = await startSite(directory.path, 'three');
    const code = { words, address: `127.0.0.1:${one.port}` };
    await assert.rejects(pairWith(await stranger.links(), { code, clock }), { code: 'pairing_closed' });
  });

  it('burn a code that was tried wrong, on both sides', async () => {
    using directory = temporaryDirectory();
    await using one = await startSite(directory.path, 'one');
    await using two = await startSite(directory.path, 'two');
    const { words } = await openPairing(await one.links(), { lifetimeMs: minuteMs, clock });
    const address = `127.0.0.1:${one.port}`;
    const wrong = words === 'acorn-actor-alarm-album' ? 'zebra-zebra-zebra-zebra' : 'acorn-actor-alarm-album';
    const tryIt = async (said: string) =>
      pairWith(await two.links(), { code: { words: said, address }, clock });
    await assert.rejects(tryIt(wrong), { code: 'pairing_refused' });
    await assert.rejects(tryIt(words), { code: 'pairing_closed' });
    await assert.rejects(tryIt(wrong), { code: 'pairing_refused', message: /burnt/ });
    assert.equal((await one.links()).state.offer?.state, 'burnt');
    assert.deepEqual([...(await one.links()).partners, ...(await two.links()).partners], []);
  });

  it('let in the site whose certificate was agreed on, for what is mounted, and nobody else', async () => {
    using directory = temporaryDirectory();
    const mount: LinkMount = {
      prefix: 'sync/',
      handle: async ({ response, path, peer }) =>
        void response.end(JSON.stringify({ path, site: peer.site })),
    };
    await using one = await startSite(directory.path, 'one', [mount]);
    await using two = await startSite(directory.path, 'two');
    await using three = await startSite(directory.path, 'three');
    await pairUp(one, two);
    using connection = await dialSite(await two.links(), 'one', { clock });
    const ask = async () => await connection.ask({ method: 'GET', path: '/-/link/sync/state?of=x' });
    const answer = await ask();
    assert.equal(answer.status, 200);
    const body = await Array.fromAsync(answer.message);
    assert.deepEqual(JSON.parse(Buffer.concat(body).toString()), { path: 'state', site: 'two' });
    // Somebody who trusts the site is not therefore trusted by it.
    const bundle = (await one.links()).own;
    const trusting = await (await three.links()).change(
      (state) => trustPartner(state, { bundle, by: 'files', nowMs: clock.now() }).state,
    );
    await assert.rejects(dialSite(trusting, 'one', { clock }), { code: 'link_refused' });
    await (await one.links()).change((state) => ({ ...state, partners: [] }));
    const after = await ask();
    after.close();
    assert.equal(after.status, 403);
  });

  it('follow keys that were made anew, and name both fingerprints where they could not', async () => {
    using directory = temporaryDirectory();
    await using one = await startSite(directory.path, 'one');
    await using two = await startSite(directory.path, 'two');
    await using three = await startSite(directory.path, 'three');
    await pairUp(one, two);
    await pairUp(one, three);
    const before = (await one.links()).own;
    await three.stop();
    const { told, byHand, links } = await regenerateSite(await one.links(), { clock });
    assert.deepEqual(told, ['two']);
    assert.deepEqual(
      byHand.map(({ site }) => site),
      ['three'],
    );
    assert.notEqual(links.own.root.fingerprint, before.root.fingerprint);
    const [there, back] = [
      await testSite(links, 'two', { clock }),
      (await two.links()).partner('one').bundle.sequence,
    ];
    assert.ok(all(there.there), JSON.stringify(there));
    assert.equal(back, 2);
    const showsNew = async (): Promise<boolean> => {
      const at = { host: '127.0.0.1', port: one.port };
      const [leaf] = await presentedChain(at, { signal: new AbortController().signal });
      return leaf !== undefined && equalBytes(leaf, links.own.servers[0]?.der ?? leaf.subarray(1));
    };
    while (!(await showsNew())) await sleep(20);
    const [now] = links.own.servers;
    const [old] = before.servers;
    await assert.rejects(
      dialSite(await three.links(), 'one', { clock }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'link_certificate_mismatch');
        assert.ok(
          error.message.includes(now?.fingerprint ?? '-') && error.message.includes(old?.fingerprint ?? '-'),
        );
        return true;
      },
    );
    assert.equal((await three.links()).partner('one').trouble?.code, 'link_certificate_mismatch');
  });

  it('tell a service that is down from a certificate that has ended', async () => {
    using directory = temporaryDirectory();
    await using one = await startSite(directory.path, 'one');
    await using two = await startSite(directory.path, 'two');
    await pairUp(one, two);
    const late = new ManualClock(clock.now() + 1000 * 86_400_000);
    await assert.rejects(dialSite(await two.links(), 'one', { clock: late }), {
      code: 'certificate_expired',
    });
    await one.stop();
    await assert.rejects(dialSite(await two.links(), 'one', { clock }), { code: 'link_service_down' });
  });
});
