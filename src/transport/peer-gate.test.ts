import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { closed } from '../../test/rig/closed.ts';
import { GatedServer, get } from '../../test/rig/gated-server.ts';
import { SampleAuthority, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { dayMs, hourMs, isHoldfastError, ManualClock, minuteMs, systemClock } from '../base/index.ts';
import { createName, parseCertificate } from '../pki/index.ts';
import { singleRootBundle } from '../trust/index.ts';
import { type Credentials, Hot } from './secure-context.ts';
import { TlsDialer } from './tls-dialer.ts';

const authority = await SampleAuthority.create();
const stranger = await SampleAuthority.create('other.example');

/** A dialer that trusts the server's authority, whatever it shows of itself. */
function dialer(credentials?: Credentials): TlsDialer {
  return new TlsDialer({
    bundle: new Hot(singleRootBundle(authority.network, authority.root.der)),
    clock: systemClock,
    credentials: credentials && new Hot(credentials),
  });
}

async function answerTo(credentials: Credentials, server: GatedServer): Promise<string> {
  using client = dialer(credentials);
  const { status, body } = await get(server.url, client.agent());
  return `${status} ${body}`;
}

test('a node with a valid certificate is who its certificate says', async () => {
  await using server = await GatedServer.start({ authority });
  assert.equal(await answerTo(await authority.issue('client', 'laptop'), server), '200 client laptop');
});

test('many requests on one connection are all answered, and the connection is kept', async () => {
  await using server = await GatedServer.start({ authority });
  using client = dialer(await authority.issue('client', 'laptop'));
  for (let round = 0; round < 20; round++) assert.equal((await get(server.url, client.agent())).status, 200);
  assert.equal(Object.values(client.agent().freeSockets).flat().length, 1);
});

test('a leaf that comes alone, as most programs send it, is completed from the issuing certificates here', async () => {
  await using server = await GatedServer.start({ authority });
  const { chain, privateKey } = await authority.issue('client', 'laptop');
  assert.equal(await answerTo({ chain: chain.slice(0, 1), privateKey }, server), '200 client laptop');
});

test('a connection without a request ends when its certificate is revoked', async () => {
  let isRevoked = false;
  const seen = Promise.withResolvers<void>();
  const isGood = (): boolean => {
    seen.resolve();
    return !isRevoked;
  };
  await using server = await GatedServer.start({ authority, isGood });
  using client = dialer(await authority.issue('client', 'laptop'));
  const idle = await client.connect(server.url);
  await seen.promise;
  isRevoked = true;
  await server.gate.recheck();
  await closed(idle);
  assert.deepEqual(server.requests, []);
});

const refused: readonly (readonly [what: string, answer: string, credentials: () => Promise<Credentials>])[] =
  [
    [
      'an expired certificate is told so',
      '403 certificate_expired',
      () =>
        authority.issue('client', 'laptop', {
          notAfter: new Date(Date.now() - hourMs),
          notBefore: new Date(0),
        }),
    ],
    [
      'a certificate of tomorrow is told so',
      '403 certificate_not_yet_valid',
      () => authority.issue('client', 'laptop', { notBefore: new Date(Date.now() + hourMs) }),
    ],
    ['another role is told so', '403 certificate_wrong_role', () => authority.issue('admin', 'anna')],
    [
      'a certificate that is for servers only is told so',
      '403 certificate_not_allowed',
      () => authority.issue('client', 'laptop', { extensions: { extendedKeyUsage: ['serverAuth'] } }),
    ],
    [
      'a certificate that names no identity is told so',
      '403 certificate_not_allowed',
      () =>
        authority.issue('client', 'laptop', {
          extensions: { subjectAltNames: [{ kind: 'dns', value: 'laptop' }] },
        }),
    ],
    [
      'a certificate that names two identities is told so',
      '403 certificate_not_allowed',
      () =>
        authority.issue('client', 'laptop', {
          extensions: {
            subjectAltNames: [
              { kind: 'uri', value: 'spiffe://backup.example/client/laptop' },
              { kind: 'uri', value: 'spiffe://backup.example/client/other' },
            ],
          },
        }),
    ],
    [
      'an identity of another network under our authority is told so',
      '403 certificate_wrong_network',
      () =>
        authority.issue('client', 'laptop', {
          extensions: { subjectAltNames: [{ kind: 'uri', value: 'spiffe://other.example/client/laptop' }] },
        }),
    ],
    ["another network's certificate learns nothing", '403 ', () => stranger.issue('client', 'laptop')],
    [
      "another network's certificate that claims our network learns nothing",
      '403 ',
      () =>
        stranger.issue('client', 'laptop', {
          extensions: { subjectAltNames: [{ kind: 'uri', value: 'spiffe://backup.example/client/laptop' }] },
        }),
    ],
    [
      'a certificate that signed itself learns nothing',
      '403 ',
      async () => {
        const { der, keys } = await sampleCertificate({ subject: createName({ CN: 'issuing' }) });
        return { chain: [der], privateKey: keys.privateKey };
      },
    ],
  ];

for (const [what, answer, credentials] of refused) {
  test(what, async () => {
    await using server = await GatedServer.start({ authority });
    assert.equal(await answerTo(await credentials(), server), answer);
  });
}

test('one identity has its share of connections and no more, and another goes on being served', async () => {
  await using server = await GatedServer.start({ authority });
  const laptop = await authority.issue('client', 'laptop');
  using client = dialer(laptop);
  const held = [];
  while (held.length < 256) held.push(await client.connect(server.url));
  assert.equal(await answerTo(laptop, server), '403 ');
  assert.ok(isHoldfastError(server.refusals[0], 'connections_exhausted'));
  assert.equal(await answerTo(await authority.issue('client', 'laptop'), server), '403 ');
  assert.equal(await answerTo(await authority.issue('client', 'desktop'), server), '200 client desktop');
  const [first] = held;
  assert.ok(first);
  first.destroy();
  await closed(first);
  let answer = '';
  // The server learns of it a moment later.
  while (answer !== '200 client laptop') answer = await answerTo(laptop, server);
});

test('a stranger is judged once for each connection, and anew when trust changes', async () => {
  // Where a certificate is required, a stranger has one connection for each request.
  await using server = await GatedServer.start({ authority, policy: { clientCertificate: 'warn' } });
  const { bundle, refusals } = server;
  using client = dialer(await stranger.issue('client', 'laptop'));
  for (let round = 0; round < 3; round++) assert.equal((await get(server.url, client.agent())).status, 403);
  assert.equal(Object.values(client.agent().freeSockets).flat().length, 1);
  assert.equal(new Set(refusals).size, 1);
  bundle.replace(singleRootBundle(stranger.network, stranger.root.der));
  assert.equal((await get(server.url, client.agent())).body, 'client laptop');
});

test("a stranger's leaf with our genuine chain behind it learns nothing", async () => {
  await using server = await GatedServer.start({ authority });
  const { chain, privateKey } = await stranger.issue('client', 'laptop');
  const [leaf] = chain;
  assert.ok(leaf);
  const mixed = { chain: [leaf, authority.issuing.der, authority.root.der], privateKey };
  assert.equal(await answerTo(mixed, server), '403 ');
});

test("a certificate signed by a client's key is refused, and told that this is not allowed", async () => {
  await using server = await GatedServer.start({ authority });
  const client = await authority.issue('client', 'laptop');
  const keys = { privateKey: client.privateKey, publicKey: createPublicKey(client.privateKey) };
  const issuer = { subject: createName({ CN: 'laptop' }), der: new Uint8Array(), keys };
  const { chain, privateKey } = await authority.issue('admin', 'root', { issuer });
  const forged = { chain: [...chain.slice(0, 1), ...client.chain], privateKey };
  assert.equal(await answerTo(forged, server), '403 certificate_not_allowed');
});

test('a revocation counts on the next request of a connection that is open', async () => {
  let revoked = '';
  await using server = await GatedServer.start({ authority, isGood: (serial) => serial !== revoked });
  const credentials = await authority.issue('client', 'laptop');
  using client = dialer(credentials);
  assert.equal((await get(server.url, client.agent())).status, 200);
  revoked = parseCertificate(credentials.chain[0] as Uint8Array).serial;
  assert.deepEqual(await get(server.url, client.agent()), { status: 403, body: 'certificate_revoked' });
});

test('a connection that is idle is ended by the revocation of its peer, and others are not', async () => {
  let revoked = '';
  await using server = await GatedServer.start({ authority, isGood: (serial) => serial !== revoked });
  const credentials = await authority.issue('client', 'laptop');
  using client = dialer(credentials);
  using other = dialer(await authority.issue('client', 'desktop'));
  await get(server.url, client.agent());
  await get(server.url, other.agent());
  const [socket] = Object.values(client.agent().freeSockets).flat();
  assert.ok(socket);
  const ended = closed(socket);
  revoked = parseCertificate(credentials.chain[0] as Uint8Array).serial;
  await server.gate.recheck();
  await ended;
  assert.equal(Object.values(other.agent().freeSockets).flat().length, 1);
});

test("a connection ends at its peer's notAfter by itself", async () => {
  const clock = new ManualClock(Date.now());
  await using server = await GatedServer.start({ authority, clock });
  using client = dialer(
    await authority.issue('client', 'laptop', { notAfter: new Date(Date.now() + hourMs) }),
  );
  await get(server.url, client.agent());
  const [socket] = Object.values(client.agent().freeSockets).flat();
  assert.ok(socket);
  clock.advance(hourMs + minuteMs);
  await closed(socket);
});

test('a clock that is set back refuses who is not valid yet, on the open connection too', async () => {
  const clock = new ManualClock(Date.now());
  await using server = await GatedServer.start({ authority, clock });
  using client = dialer(await authority.issue('client', 'laptop'));
  assert.equal((await get(server.url, client.agent())).status, 200);
  clock.advance(-dayMs);
  assert.equal((await get(server.url, client.agent())).body, 'certificate_not_yet_valid');
});

test('trust that changes counts on the next request of a connection that is open', async () => {
  await using server = await GatedServer.start({ authority });
  using client = dialer(await authority.issue('client', 'laptop'));
  assert.equal((await get(server.url, client.agent())).status, 200);
  server.bundle.replace(singleRootBundle(stranger.network, stranger.root.der));
  assert.deepEqual(await get(server.url, client.agent()), { status: 403, body: '' });
});

test('where no certificate is asked for, nobody is anybody', async () => {
  await using server = await GatedServer.start({ authority, policy: { clientCertificate: 'off' } });
  assert.equal(await answerTo(await authority.issue('client', 'laptop'), server), '403 ');
});

test('where a certificate is only asked for, one that is valid counts and none is let in as nobody', async () => {
  await using server = await GatedServer.start({ authority, policy: { clientCertificate: 'warn' } });
  assert.equal(await answerTo(await authority.issue('client', 'laptop'), server), '200 client laptop');
  using nobody = dialer();
  assert.deepEqual(await get(server.url, nobody.agent()), { status: 403, body: '' });
});
