import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { closed } from '../../test/rig/closed.ts';
import { GatedServer, get } from '../../test/rig/gated-server.ts';
import { SampleAuthority, sampleCertificate } from '../../test/rig/sample-certificates.ts';
import { type ErrorCode, hourMs, isHoldfastError, ManualClock, systemClock } from '../base/index.ts';
import { certificatesFromPem, fingerprint } from '../pki/index.ts';
import { singleRootBundle } from '../trust/index.ts';
import { type Credentials, Hot, isPublicRoot } from './secure-context.ts';
import { TlsDialer, type TlsDialerOptions } from './tls-dialer.ts';
import { transportError } from './transport-error.ts';

const authority = await SampleAuthority.create();
const stranger = await SampleAuthority.create('other.example');
const laptop = await authority.issue('client', 'laptop');

function dialer(change: Partial<TlsDialerOptions> = {}): TlsDialer {
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  return new TlsDialer({ bundle, credentials: new Hot(laptop), clock: systemClock, ...change });
}

function failsWith(code: ErrorCode, pattern = /./): (error: unknown) => boolean {
  return (error) => {
    const mapped = transportError(error, 'the server');
    assert.ok(isHoldfastError(mapped, code), String(error));
    assert.match(mapped.message, pattern);
    return true;
  };
}

/** A TCP server that does `onConnection`, and its port. */
async function tcpServer(onConnection: (socket: Socket) => void): Promise<Server & { port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return Object.assign(server, { port: address.port });
}

test('a connection says how it is protected', async () => {
  await using server = await GatedServer.start({ authority });
  using client = dialer();
  assert.equal(client.lastConnection(), undefined);
  await get(server.url, client.agent());
  assert.deepEqual(client.lastConnection(), {
    protocol: 'TLS 1.3',
    group: 'X25519MLKEM768',
    cipher: 'TLS_AES_256_GCM_SHA384',
  });
});

for (const [offered, expected] of [
  [['X25519'], 'X25519'],
  [['P-256'], 'P-256'],
  [['P-384', 'X25519'], 'P-384'],
  [['SecP256r1MLKEM768'], 'SecP256r1MLKEM768'],
] as const) {
  test(`the group that is reported is the one that was used: ${expected}`, async () => {
    await using server = await GatedServer.start({ authority, policy: { groups: [...offered] } });
    using client = dialer({ policy: { minimumVersion: 'TLSv1.3', groups: [...offered] } });
    await get(server.url, client.agent());
    assert.equal(client.lastConnection()?.group, expected);
  });
}

const wrongServers: readonly (readonly [
  what: string,
  code: ErrorCode,
  credentials: () => Promise<Credentials>,
])[] = [
  ['of another network', 'certificate_unknown_authority', () => stranger.issue('server', 'srv')],
  [
    'of another network that claims to be ours',
    'certificate_unknown_authority',
    () =>
      stranger.issue('server', 'srv', {
        extensions: {
          subjectAltNames: [
            { kind: 'uri', value: 'spiffe://backup.example/server/srv' },
            { kind: 'ip', value: '127.0.0.1' },
          ],
        },
      }),
  ],
  [
    'that appends our genuine root to its own chain',
    'certificate_unknown_authority',
    async () => {
      const { chain, privateKey } = await stranger.issue('server', 'srv');
      return { chain: [...chain, authority.issuing.der, authority.root.der], privateKey };
    },
  ],
  [
    'that is expired',
    'certificate_expired',
    () =>
      authority.issue('server', 'srv', { notBefore: new Date(0), notAfter: new Date(Date.now() - hourMs) }),
  ],
  ['that is a client', 'certificate_not_allowed', () => authority.issue('client', 'laptop')],
  ['that is a storage node', 'certificate_wrong_role', () => authority.issue('storage', 'store')],
  [
    'for another name',
    'certificate_wrong_name',
    () =>
      authority.issue('server', 'srv', {
        extensions: {
          subjectAltNames: [
            { kind: 'uri', value: 'spiffe://backup.example/server/srv' },
            { kind: 'dns', value: 'elsewhere.example' },
          ],
        },
      }),
  ],
];

for (const [what, code, credentials] of wrongServers) {
  test(`a server ${what} gets no byte of a request`, async () => {
    await using server = await GatedServer.start({ authority, credentials: await credentials() });
    using client = dialer();
    await assert.rejects(get(`${server.url}/secret`, client.agent()), failsWith(code));
    await assert.rejects(client.connect(server.url), failsWith(code));
    // Whom its time alone speaks against is asked what time it has, by each of the two.
    const asked = code === 'certificate_expired' ? ['HEAD /', 'HEAD /'] : [];
    assert.deepEqual(server.requests, asked);
    assert.equal(client.lastConnection(), undefined);
  });
}

test('the message about a wrong name says which names there are and which one was wanted', async () => {
  const extensions = {
    subjectAltNames: [
      { kind: 'uri', value: 'spiffe://backup.example/server/srv' },
      { kind: 'dns', value: 'elsewhere.example' },
    ],
  } as const;
  const credentials = await authority.issue('server', 'srv', { extensions });
  await using server = await GatedServer.start({ authority, credentials });
  using client = dialer();
  const wanted = /is for dns:elsewhere\.example, expected 127\.0\.0\.1/;
  await assert.rejects(client.connect(server.url), failsWith('certificate_wrong_name', wanted));
});

test('the server is found by DNS name too', async (t) => {
  // Not every system knows `localhost`: without /etc/hosts it is for DNS to say.
  const addresses: LookupAddress[] = [{ address: '127.0.0.1', family: 4 }];
  type Answer = (error: null, found: LookupAddress[]) => void;
  t.mock.method(dns, 'lookup', (_name: string, _options: object, answer: Answer) => answer(null, addresses));
  await using server = await GatedServer.start({ authority });
  using client = dialer();
  assert.equal((await get(`https://localhost:${server.port}/`, client.agent())).body, 'client laptop');
});

test('a node without certificate is told that one is required', async () => {
  await using server = await GatedServer.start({ authority });
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  using client = new TlsDialer({ bundle, clock: systemClock });
  await assert.rejects(
    get(server.url, client.agent()),
    failsWith('certificate_required', /requires a client cert/),
  );
  assert.deepEqual(server.requests, []);
});

test('a port where nobody listens is connection_refused', async () => {
  const server = await tcpServer(() => {});
  server.close();
  await once(server, 'close');
  using client = dialer();
  const url = `https://127.0.0.1:${server.port}`;
  await assert.rejects(
    get(url, client.agent()),
    failsWith('connection_refused', /127\.0\.0\.1:\d+: nobody answers/),
  );
  await assert.rejects(client.connect(url), failsWith('connection_refused'));
});

test('a name that does not exist is host_not_found', async () => {
  using client = dialer();
  await assert.rejects(
    client.connect('https://no-such-host.invalid'),
    failsWith('host_not_found', /invalid:443/),
  );
});

test('a server that speaks plain HTTP is tls_not_spoken', async () => {
  const server = await tcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  using client = dialer();
  const url = `https://127.0.0.1:${server.port}`;
  await assert.rejects(get(url, client.agent()), failsWith('tls_not_spoken', /does not speak TLS/));
  server.close();
});

test('a server that hangs up in the handshake is connection_reset', async () => {
  const server = await tcpServer((socket) => socket.once('data', () => socket.destroy()));
  using client = dialer();
  await assert.rejects(client.connect(`https://127.0.0.1:${server.port}`), failsWith('connection_reset'));
  server.close();
});

test('a server that never answers is given up after the time that was set', async () => {
  const sockets: Socket[] = [];
  const server = await tcpServer((socket) => sockets.push(socket));
  using client = dialer({ timeoutMs: 50 });
  const url = `https://127.0.0.1:${server.port}`;
  await assert.rejects(get(url, client.agent()), failsWith('tls_handshake_timed_out', /within 0\.05 s/));
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a dial that is aborted ends with the reason and leaves no connection', async () => {
  const accepted = Promise.withResolvers<Socket>();
  const server = await tcpServer(accepted.resolve);
  using client = dialer();
  const controller = new AbortController();
  const dialing = client.connect(`https://127.0.0.1:${server.port}`, { signal: controller.signal });
  const socket = await accepted.promise;
  socket.resume();
  controller.abort(new RangeError('enough'));
  await assert.rejects(dialing, RangeError);
  await closed(socket);
  await assert.rejects(client.connect('https://127.0.0.1:1', { signal: controller.signal }), RangeError);
  server.close();
});

test('a server that has no group in common is tls_no_common_group', async () => {
  await using server = await GatedServer.start({ authority });
  using client = dialer({ policy: { minimumVersion: 'TLSv1.3', groups: ['P-521'] } });
  await assert.rejects(client.connect(server.url), failsWith('tls_no_common_group', /in common/));
});

test('an idle connection is not used again when trust has changed or the server has expired by now', async () => {
  const clock = new ManualClock(Date.now());
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  await using server = await GatedServer.start({ authority });
  using client = dialer({ clock, bundle });
  await get(server.url, client.agent());
  bundle.replace(singleRootBundle(stranger.network, stranger.root.der));
  await get(server.url, client.agent());
  await assert.rejects(get(server.url, client.agent()), failsWith('certificate_unknown_authority'));
  bundle.replace(singleRootBundle(authority.network, authority.root.der));
  await get(server.url, client.agent());
  clock.advance(48 * hourMs);
  await get(server.url, client.agent());
  // By the server's own time its certificate has not ended: the other clock is wrong.
  await assert.rejects(get(server.url, client.agent()), failsWith('clock_wrong'));
});

test('new credentials are shown from the next connection on', async () => {
  await using server = await GatedServer.start({ authority });
  const credentials = new Hot<Credentials>(laptop);
  using client = dialer({ credentials });
  assert.equal((await get(server.url, client.agent())).body, 'client laptop');
  credentials.replace(await authority.issue('client', 'desktop'));
  assert.equal((await get(server.url, client.agent())).body, 'client laptop');
  client.close();
  assert.equal((await get(server.url, client.agent())).body, 'client desktop');
});

test('a root of the public web is told from one that was made here', async () => {
  const [known] = certificatesFromPem(rootCertificates.at(-1) ?? '');
  assert.ok(known);
  assert.equal(isPublicRoot(fingerprint(known)), true);
  assert.equal(isPublicRoot(fingerprint((await sampleCertificate({})).der)), false);
});
