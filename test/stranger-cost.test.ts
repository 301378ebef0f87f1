import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { connect, type SecureContextOptions } from 'node:tls';
import { connectAdmin } from '../src/admin/index.ts';
import { systemClock } from '../src/base/index.ts';
import {
  certificatePem,
  certificatesFromPem,
  createCertificateRequest,
  createName,
  createOcspRequest,
  exportPrivateKey,
  generateSerialNumber,
  parseCertificate,
  privateKeyPem,
} from '../src/pki/index.ts';
import { Hot, TlsDialer } from '../src/transport/index.ts';
import { singleRootBundle } from '../src/trust/index.ts';
import { Impostor } from './rig/impostor.ts';
import { Network } from './rig/network.ts';
import { SampleAuthority } from './rig/sample-certificates.ts';
import { longNamed, manySigners, type StrangerCredentials, slowChain } from './rig/stranger-certificates.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/**
 * Far above what any of it takes of the server's processor, and far below what it took once: from one second to more than
 * a minute. The wait is of this machine, whatever else it does, and only shows that nobody waits for ever.
 */
const mostMs = 300;
const longestWaitMs = 6000;
const formType = 'application/x-www-form-urlencoded';
/** So often each is sent. */
const rounds = 2;

/** What somebody without rights shows in a handshake. */
const shown: readonly (readonly [what: string, credentials: StrangerCredentials])[] = [
  ['a certificate with an issuer of 96 kB of combining marks', longNamed(48_000)],
  [
    'a chain of RSA keys of 8192 bits with exponents of 39 bits',
    slowChain({ modulusBits: 8192, exponentBits: 39, count: 44 }),
  ],
  [
    'a chain of RSA keys of 3072 bits with exponents as long',
    slowChain({ modulusBits: 3072, exponentBits: 3064, count: 73 }),
  ],
  [
    'a chain of RSA keys of 16384 bits with exponents of 64 bits',
    slowChain({ modulusBits: 16_384, exponentBits: 64, count: 22 }),
  ],
];

/**
 * What a stranger sends costs everybody who is served by the same thread. Each input is the most that its bounds let
 * through; what is measured is how long somebody else waits for a small answer meanwhile.
 */
describe('while a stranger sends what is dearest, somebody else waits no noticeable time', () => {
  let place: TemporaryDirectory;
  let network: Network;

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(place.path);
    await network.run(['policy', 'set', 'queue', 'on']);
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  for (const [what, credentials] of shown)
    it(`shows ${what}`, (test) => whileServed(test, network, () => askTwice(network.port, credentials)));

  const sent: readonly (readonly [
    what: string,
    path: string,
    type: string,
    body: () => Promise<Uint8Array> | Uint8Array,
  ])[] = [
    [
      'hands in a request with 64 signers and an issuer of 40 kB',
      '/-/enrol/requests',
      'application/pkcs7-mime',
      () => manySigners(20_000),
    ],
    [
      'hands in a request of 1900 names for an RSA key of 4096 bits',
      '/-/enrol/requests',
      'application/pkcs10',
      largeRequest,
    ],
    [
      'hands in a form with 280 kB of escapes',
      '/-/certsrv/certfnsh.asp',
      formType,
      () => Buffer.from('%41=&'.repeat(56_000)),
    ],
    [
      'joins with 60 kB of brackets',
      '/-/enrol/join',
      'application/json',
      () => Buffer.from('['.repeat(60_000)),
    ],
    [
      'asks for the states of 128 certificates',
      '/-/status/ocsp',
      'application/ocsp-request',
      () => manyStates(network),
    ],
  ];
  for (const [what, path, type, bodyOf] of sent)
    it(what, async (test) => {
      const body = await bodyOf();
      await whileServed(test, network, async () => {
        assert.match(await post(network.port + 1, path, { type, body }), /^HTTP\/1\.1 [24]\d\d /);
      });
    });

  it('shows a hundred bearer tokens that nobody made, the longest that a head holds', async (test) => {
    await network.run(['policy', 'set', 'listeners.main.clientCertificate', 'warn']);
    const admin = await connectAdmin(join(network.home, 'admin.sock'));
    for (let isWarn = false; !isWarn; await setTimeout(20)) {
      const { listeners = [] } = (await admin?.call('status', {})) ?? {};
      isWarn = listeners.some(
        ({ name, clientCertificate }) => name === 'main' && clientCertificate === 'warn',
      );
    }
    const shown = (index: number): string =>
      index % 2 === 0
        ? `Bearer hfb1_${randomBytes(6000).toString('base64url')}`
        : `Basic ${Buffer.from(`x:hfb1_${randomBytes(32).toString('base64url')}`).toString('base64')}`;
    await whileServed(test, network, async () => {
      const asks = Array.from(
        { length: 100 },
        (_, index) =>
          `GET /x/config HTTP/1.1\r\nHost: x\r\nAuthorization: ${shown(index)}\r\n${index === 99 ? 'Connection: close\r\n' : ''}\r\n`,
      );
      assert.match(await exchange(network.port, asks.join(''), {}), /^HTTP\/1\.1 4\d\d /);
    });
    await network.run(['policy', 'set', 'listeners.main.clientCertificate', 'default']);
  });

  it('shows tickets that nobody gave on the plain data channel, and sends what they are for', async (test) => {
    await network.run(['policy', 'set', 'dataChannel', 'plain']);
    const order = Buffer.from(JSON.stringify({ method: 'POST', path: '['.repeat(6000) })).toString(
      'base64url',
    );
    const body = randomBytes(1_000_000);
    await whileServed(test, network, async () => {
      const head = `POST /x/data/${'0'.repeat(64)} HTTP/1.1\r\nHost: x\r\nAuthorization: Holdfast-Ticket ${order}.${'A'.repeat(43)}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const socket = connectPlain(network.port + 2, '127.0.0.1').on('error', () => {});
      let answer = '';
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
      socket.write(Buffer.concat([Buffer.from(head), body]));
      await Promise.race([once(socket, 'close'), setTimeout(3000)]);
      socket.destroy();
      assert.match(answer, /^HTTP\/1\.1 4\d\d /);
    });
    await network.run(['policy', 'set', 'dataChannel', 'tls', '--yes']);
  });

  it('asks for the state of a certificate with 12 kB of blanks in a header', (test) =>
    whileServed(test, network, async () => {
      const head = `POST /-/status/ocsp HTTP/1.1\r\nHost: x\r\nAccept: ${' '.repeat(12_000)}\u0001\r\n`;
      const socket = connectPlain(network.port + 2, '127.0.0.1').on('error', () => {});
      socket.end(`${head}Content-Type: application/ocsp-request\r\nContent-Length: 0\r\n\r\n`);
      socket.resume();
      await once(socket, 'close');
    }));
});

/**
 * A client dials whom it was told to, and whoever answers there shows what he likes. Measured is all that this process does
 * meanwhile, the server's small part of the handshake among it.
 */
describe('a server shows what is dearest to a client that dials it', () => {
  for (const [what, credentials] of shown)
    it(what, async (test) => {
      await using server = await Impostor.start(0, credentials);
      using client = dialerOf(await SampleAuthority.create());
      const dial = (): Promise<unknown> => client.connect(`https://127.0.0.1:${server.port}`);
      // What the first connection of a process costs, it costs with any server.
      await assert.rejects(dial(), { code: 'certificate_unknown_authority' });
      const before = process.cpuUsage();
      for (let round = 0; round < rounds; round++)
        await assert.rejects(dial(), { code: 'certificate_unknown_authority' });
      const { user, system } = process.cpuUsage(before);
      const each = (user + system) / 1000 / rounds;
      test.diagnostic(`${each.toFixed(0)} ms of the client each`);
      assert.ok(each < mostMs, `each took ${each} ms of the client`);
      assert.equal(server.told, '');
    });
});

function dialerOf({ network, root }: SampleAuthority): TlsDialer {
  return new TlsDialer({ bundle: new Hot(singleRootBundle(network, root.der)), clock: systemClock });
}

/** Does `work` again and again, and holds against the bound how long an answer took meanwhile. */
async function whileServed(test: TestContext, network: Network, work: () => Promise<void>): Promise<void> {
  const before = cpuMsOf(network.server.pid);
  const working = Promise.all(Array.from({ length: rounds }, work));
  const end = new AbortController();
  void working.catch(() => {}).then(() => end.abort());
  using agent = disposable(new Agent({ keepAlive: true }));
  let longest = 0;
  while (!end.signal.aborted) longest = Math.max(longest, await healthMs(network.port + 2, agent));
  await working;
  const each = (cpuMsOf(network.server.pid) - before) / rounds;
  test.diagnostic(`${each.toFixed(0)} ms of the server each; the longest wait was ${longest.toFixed(0)} ms`);
  assert.ok(each < mostMs, `each took ${each} ms of the server`);
  assert.ok(longest < longestWaitMs, `somebody waited ${longest} ms`);
}

/** User and system time of a process (proc_pid_stat(5)): ticks, a hundred a second. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
  return 10 * (user + system);
}

/** A request with as many names as fit; nothing of it is right but its signature. */
function largeRequest(): Uint8Array {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
  const subjectAltNames = Array.from(
    { length: 1900 },
    (_, index) => ({ kind: 'dns', value: `n${index}.example.com` }) as const,
  );
  return createCertificateRequest({ subject: createName({ CN: 'x' }), subjectAltNames }, privateKey);
}

/** 128 numbers below the issuing certificate, none of which is on record, and a nonce, so that the answer is signed anew. */
async function manyStates(network: Network): Promise<Uint8Array> {
  const file = join(network.directory, 'chain.pem');
  await network.run(['ca', 'export', '--chain', file]);
  const [issuing] = certificatesFromPem(readFileSync(file, 'utf8'));
  assert.ok(issuing);
  const serials = Array.from({ length: 128 }, () => generateSerialNumber(Date.now()));
  return createOcspRequest({ issuer: parseCertificate(issuing), serials, nonce: randomBytes(32) });
}

function disposable(agent: Agent): Agent & Disposable {
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() });
}

async function healthMs(port: number, agent: Agent): Promise<number> {
  const start = performance.now();
  const outgoing = request({ port, host: '127.0.0.1', path: '/-/health', agent }).end();
  const [response] = await once(outgoing, 'response');
  response.resume();
  await once(response, 'end');
  await setTimeout(20);
  return performance.now() - start;
}

/** Two requests on one connection, both of which are refused; again while the place has used its share up. */
async function askTwice(port: number, { chain, privateKey }: StrangerCredentials): Promise<void> {
  const cert = chain.map((der) => certificatePem(der)).join('');
  const key = privateKeyPem(exportPrivateKey(privateKey));
  const ask = 'GET /x/config HTTP/1.1\r\nHost: x\r\n';
  for (;;) {
    const answers = await exchange(port, `${ask}\r\n${ask}Connection: close\r\n\r\n`, { cert, key });
    if (answers.startsWith('HTTP/1.1 403 ')) return;
    assert.equal(answers, '');
    await setTimeout(100);
  }
}

async function post(
  port: number,
  path: string,
  sent: { readonly type: string; readonly body: Uint8Array },
): Promise<string> {
  const { type, body } = sent;
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return await exchange(port, Buffer.concat([Buffer.from(head), body]), {});
}

let places = 1;

/** Another address of this machine each time, so that none has used its share up. */
function nextPlace(): string {
  places += 1;
  return `127.0.0.${places % 250}`;
}

/** All that comes back until the server ends the connection. */
async function exchange(port: number, sent: string | Buffer, shown: SecureContextOptions): Promise<string> {
  const from = { port, host: '127.0.0.1', localAddress: nextPlace() };
  const socket = connect({ ...from, rejectUnauthorized: false, ...shown });
  let answer = '';
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.write(sent);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}
