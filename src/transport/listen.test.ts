import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { closed } from '../../test/rig/closed.ts';
import { GatedServer, get } from '../../test/rig/gated-server.ts';
import { SampleAuthority, type SampleNode } from '../../test/rig/sample-certificates.ts';
import { hourMs, isHoldfastError, type Log, silentLog, systemClock } from '../base/index.ts';
import { certificatePem, exportPrivateKey, parseCertificate, privateKeyPem } from '../pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../policy/index.ts';
import { singleRootBundle } from '../trust/index.ts';
import type { StrangerLimits } from './handshake-budget.ts';
import { listen } from './listen.ts';
import { peerCertificates } from './peer.ts';
import { Hot } from './secure-context.ts';
import { TlsDialer } from './tls-dialer.ts';

const authority = await SampleAuthority.create();
const [mainPolicy, , plainPolicy] = defaultListeners(0) as [ListenerPolicy, ListenerPolicy, ListenerPolicy];
const loopback = { address: { host: '127.0.0.1', port: 0 } };
let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-listen-'));
  await writeNode('client', await authority.issue('client', 'laptop'));
  await writeNode('expired', await authority.issue('client', 'laptop', expired));
  await writeFile(join(directory, 'root.pem'), certificatePem(authority.root.der));
});

after(() => rm(directory, { recursive: true, force: true }));

const limits = (some: Partial<StrangerLimits>): StrangerLimits => ({
  proofMs: hourMs,
  stayMs: hourMs,
  maxFromPlace: 99,
  maxCount: 99,
  ...some,
});

const expired = { notBefore: new Date(0), notAfter: new Date(Date.now() - hourMs) };

async function writeNode(name: string, { chain, privateKey }: SampleNode): Promise<void> {
  const pem = [privateKeyPem(exportPrivateKey(privateKey)), ...chain.map((der) => certificatePem(der))];
  await writeFile(join(directory, `${name}.pem`), pem.join(''));
}

function serialOf(socket: TLSSocket): string | undefined {
  const [leaf] = peerCertificates(socket) ?? [];
  return leaf && parseCertificate(leaf).serial;
}

/** Everything that `openssl s_client` says about one GET; with a certificate when `node` names one. */
function openssl(port: number, node: string | undefined, ...options: readonly string[]): Promise<string> {
  const shown =
    node === undefined ? [] : ['-cert', `${node}.pem`, '-key', `${node}.pem`, '-cert_chain', `${node}.pem`];
  const words = [
    's_client',
    '-connect',
    `127.0.0.1:${port}`,
    '-ign_eof',
    '-CAfile',
    'root.pem',
    ...shown,
    ...options,
  ];
  return new Promise((resolve) => {
    const child = execFile('openssl', words, { cwd: directory }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  });
}

/** All that a plain TCP client hears after it has said `text`. */
async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (data: string) => {
    heard += data;
  });
  socket.on('error', () => {});
  socket.write(text);
  await closed(socket);
  return heard;
}

test('openssl with a certificate is let in over TLS 1.3 and accepts the chain', async () => {
  await using server = await GatedServer.start({ authority });
  const said = await openssl(server.port, 'client', '-verify_return_error');
  assert.match(said, /New, TLSv1\.3/);
  assert.match(said, /Verify return code: 0 \(ok\)/);
  assert.match(said, /client laptop/);
});

test('openssl without a certificate gets the alert certificate_required and no request runs', async () => {
  await using server = await GatedServer.start({ authority });
  assert.match(await openssl(server.port, undefined), /alert certificate required.*alert number 116/);
  assert.deepEqual(server.requests, []);
});

test('openssl with an expired certificate passes the handshake and is refused by the gate', async () => {
  await using server = await GatedServer.start({ authority });
  const said = await openssl(server.port, 'expired');
  assert.match(said, /HTTP\/1\.1 403 Forbidden/);
  assert.match(said, /certificate_expired/);
});

test('a stranger’s certificate is refused right after the handshake, and no request is read', async () => {
  await using server = await GatedServer.start({ authority });
  const stranger = await SampleAuthority.create();
  await writeNode('stranger', await stranger.issue('client', 'laptop'));
  assert.match(await openssl(server.port, 'stranger'), /HTTP\/1\.1 403 Forbidden/);
  assert.deepEqual(server.requests, []);
});

test('a flood of strangers ends itself, and those who are known stay and come', async () => {
  await using server = await GatedServer.start({ authority, strangers: limits({ maxFromPlace: 4 }) });
  const laptop = new Hot(await authority.issue('client', 'laptop'));
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  using client = new TlsDialer({ bundle, credentials: laptop, clock: systemClock });
  const before = await client.connect(server.url);
  const flood = Array.from({ length: 60 }, () => connect(server.port, '127.0.0.1').resume());
  await Promise.all(flood.map((socket) => once(socket, 'connect')));
  assert.equal((await get(server.url, client.agent())).status, 200);
  await Promise.all(flood.slice(0, 50).map(closed));
  assert.equal(before.destroyed, false);
  before.destroy();
  for (const socket of flood) socket.destroy();
});

test('TLS 1.2 is refused by an alert unless the policy allows it', async () => {
  await using server = await GatedServer.start({ authority });
  assert.match(await openssl(server.port, 'client', '-tls1_2'), /alert protocol version/);
  await using older = await GatedServer.start({ authority, policy: { minimumVersion: 'TLSv1.2' } });
  assert.match(await openssl(older.port, 'client', '-tls1_2'), /New, TLSv1\.2, Cipher is ECDHE-ECDSA/);
});

test('TLS 1.2 without forward secrecy is refused even where TLS 1.2 is allowed', async () => {
  await using server = await GatedServer.start({ authority, policy: { minimumVersion: 'TLSv1.2' } });
  const said = await openssl(server.port, 'client', '-tls1_2', '-cipher', 'AES128-SHA:AES128-GCM-SHA256');
  assert.match(said, /handshake failure/);
});

test('no session is resumed, so that every connection proves that the peer has its key', async () => {
  await using server = await GatedServer.start({ authority });
  await openssl(server.port, 'client', '-sess_out', 'session.pem');
  const said = await openssl(server.port, 'client', '-sess_in', 'session.pem');
  assert.match(said, /client laptop/);
  assert.doesNotMatch(said, /Reused/);
});

test('a client that asks for HTTP/2 alone is refused by an alert', async () => {
  await using server = await GatedServer.start({ authority });
  assert.match(await openssl(server.port, 'client', '-alpn', 'h2'), /no application protocol/);
});

for (const text of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'DELETE /x HTTP/1.1\r\n\r\n']) {
  test(`plain HTTP (${text.slice(0, 6).trim()}) on a TLS port is told to use https`, async () => {
    await using server = await GatedServer.start({ authority });
    assert.match(await say(server.port, text), /^HTTP\/1\.1 400 Bad Request\r\n[^]*use https:\/\//);
    assert.deepEqual(server.requests, []);
  });
}

test('garbage of any kind ends its own connection and nothing else', async () => {
  await using server = await GatedServer.start({ authority });
  const garbage = [
    '\x16\x03\x01\xff\xff',
    '\x00'.repeat(9000),
    'SSH-2.0-x\r\n',
    '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
  ];
  for (const text of garbage) {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    socket.end(text, 'latin1');
    socket.resume();
    await closed(socket);
  }
  assert.match(await openssl(server.port, 'client'), /client laptop/);
});

test('a connection that does not finish its handshake is ended', async () => {
  await using server = await GatedServer.start({ authority, strangers: limits({ proofMs: 50 }) });
  assert.equal(await say(server.port, '\x16\x03\x01'), '');
  assert.equal(await say(server.port, ''), '');
});

test('too many idle connections push out the oldest of them and not an honest one', async () => {
  await using server = await GatedServer.start({ authority, strangers: limits({ maxFromPlace: 3 }) });
  const idle: Socket[] = [];
  const closed: number[] = [];
  for (const number of [0, 1, 2, 3, 4]) {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {});
    socket.resume().once('close', () => closed.push(number));
    await once(socket, 'connect');
    idle.push(socket);
  }
  assert.match(await openssl(server.port, 'client'), /client laptop/);
  for (const number of [0, 1]) if (!closed.includes(number)) await once(idle[number] as Socket, 'close');
  assert.equal(idle.at(-1)?.closed, false);
  for (const socket of idle) socket.destroy();
});

test('credentials that are replaced count from the next connection on, and open ones go on', async () => {
  await using server = await GatedServer.start({ authority });
  const laptop = await authority.issue('client', 'laptop');
  const bundle = new Hot(singleRootBundle(authority.network, authority.root.der));
  using client = new TlsDialer({ bundle, credentials: new Hot(laptop), clock: systemClock });
  const first = await client.connect(server.url);
  assert.equal((await get(server.url, client.agent())).status, 200);
  server.credentials.replace(await authority.issue('server', 'srv'));
  const second = await client.connect(server.url);
  assert.notEqual(serialOf(first), serialOf(second));
  assert.equal((await get(server.url, client.agent())).status, 200);
  assert.equal(first.destroyed, false);
  first.destroy();
  second.destroy();
});

test('a key that is not of its certificate is refused at start, and later ends connections but not the server', async () => {
  const [one, two] = await Promise.all([authority.issue('server', 'one'), authority.issue('server', 'two')]);
  const mixed = { chain: one.chain, privateKey: two.privateKey };
  await assert.rejects(GatedServer.start({ authority, credentials: mixed }), /key values mismatch/);
  await using server = await GatedServer.start({ authority, credentials: one });
  server.credentials.replace(mixed);
  assert.doesNotMatch(await openssl(server.port, 'client'), /client laptop/);
  server.credentials.replace(two);
  assert.match(await openssl(server.port, 'client'), /client laptop/);
});

test('a port that is taken is port_in_use with the port and what to do', async () => {
  await using server = await GatedServer.start({ authority });
  const policy = { ...mainPolicy, address: { host: '127.0.0.1', port: server.port } };
  const credentials = new Hot(await authority.issue('server', 'srv'));
  await assert.rejects(listen({ policy, credentials, onConnection: () => {}, log: silentLog }), (error) => {
    assert.ok(isHoldfastError(error, 'port_in_use'));
    assert.match(error.message, new RegExp(`${server.port} is in use`));
    assert.match(error.hint ?? '', /--port/);
    return true;
  });
});

test('an address that is not of this machine is refused', async () => {
  const policy = { ...plainPolicy, address: { host: '192.0.2.1', port: 0 } };
  await assert.rejects(
    listen({ policy, onConnection: () => {}, log: silentLog }),
    (error) => isHoldfastError(error, 'settings_invalid') && /192\.0\.2\.1/.test(error.message),
  );
});

test('who speaks TLS to a plain listener is ended at once, and who speaks HTTP to one of TLS answered; the log says so once', async () => {
  const warnings: [message: string, times: unknown][] = [];
  const log: Log = {
    ...silentLog,
    warn: (message, fields) => warnings.push([message, fields?.['times']]),
  };
  await using plain = await listen({
    policy: { ...plainPolicy, ...loopback },
    onConnection: () => {},
    log,
  });
  for (let times = 0; times < 3; times++) {
    const socket = connectTls({ host: '127.0.0.1', port: plain.address.port });
    await once(socket, 'error');
  }
  await using secured = await GatedServer.start({ authority, log });
  for (let times = 0; times < 3; times++)
    assert.match(await say(secured.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'), /use https/);
  assert.deepEqual(warnings, [
    [
      'somebody speaks TLS to a plain port: http:// belongs in his address, or the port of another listener',
      1,
    ],
    ['somebody speaks plain HTTP to a port of TLS: https:// belongs in his address', 1],
  ]);
});

test('a plain listener hands out plain connections, and TLS on it fails without harm', async () => {
  await using listener = await listen({
    policy: { ...plainPolicy, ...loopback },
    onConnection: (socket) => socket.end('plain'),
    log: silentLog,
  });
  assert.equal(await say(listener.address.port, 'hello'), 'plain');
  const secured = connectTls({ ...listener.address, rejectUnauthorized: false });
  const [error] = (await once(secured, 'error')) as [NodeJS.ErrnoException];
  assert.match(error.code ?? '', /^ERR_SSL_|ECONNRESET/);
});

test('closing ends every connection and frees the port', async () => {
  const server = await GatedServer.start({ authority });
  const half = connect(server.port, '127.0.0.1').on('error', () => {});
  await once(half.resume(), 'connect');
  const { port } = server;
  await Promise.all([server[Symbol.asyncDispose](), once(half, 'close')]);
  const again = await listen({
    policy: { ...plainPolicy, address: { host: '127.0.0.1', port } },
    onConnection: () => {},
    log: silentLog,
  });
  assert.equal(again.address.port, port);
  await again.close();
  await again.close();
});

test('an aborted signal closes the listener, and one that is aborted before opens none', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const options = { policy: { ...plainPolicy, ...loopback }, onConnection: () => {}, log: silentLog, signal };
  const { address } = await listen(options);
  controller.abort(new RangeError('stop'));
  const socket = connect(address.port, '127.0.0.1');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
  await assert.rejects(listen(options), RangeError);
});

test('what is weaker than the default is logged at start', async () => {
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => warnings.push(message) };
  await using server = await GatedServer.start({ authority, log, policy: { minimumVersion: 'TLSv1.2' } });
  assert.equal(server.listener.policy.minimumVersion, 'TLSv1.2');
  assert.match(warnings.join(), /accepts TLSv1\.2/);
});
