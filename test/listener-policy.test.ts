import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type AdminClient, connectAdmin, type OperationAnswer } from '../src/admin/index.ts';
import { type HoldfastError, secondMs } from '../src/base/index.ts';
import { enrolPaths } from '../src/enrol/index.ts';
import { freePorts } from './rig/free-ports.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { listenersToml, usualListeners } from './rig/listeners-toml.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { takesConnections } from './rig/takes-connections.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const uploads = 16;
const half = 200_000;

describe('the policy of listeners', () => {
  let place: TemporaryDirectory;
  let network: Network;
  const clients = new Map<string, NetworkClient>();
  const at = (...names: string[]): string => join(place.path, ...names);

  /** The admin API of the running server, which opens its socket after its ports. */
  const admin = async (): Promise<AdminClient> => {
    for (;;) {
      const client = await connectAdmin(join(network.home, 'admin.sock'));
      if (client !== undefined) return client;
      await setTimeout(20);
    }
  };
  const set = async (key: string, value: string) => await (await admin()).call('policy.set', { key, value });
  const refused = async (key: string, value: string, message: RegExp): Promise<void> =>
    assert.rejects(set(key, value), (error: HoldfastError) => message.test(`${error.message} ${error.hint}`));
  /** Resolves once the running server says that a listener is so. */
  const inEffect = async (name: string, is: (listener: Listener) => boolean): Promise<Listener> => {
    for (;;) {
      const { listeners } = await (await admin()).call('status', {});
      const found = listeners.find((each) => each.name === name);
      if (found !== undefined && is(found)) return found;
      await setTimeout(20);
    }
  };
  /** What a handshake of openssl comes to. */
  const shake = async (port: number, ...words: string[]): Promise<string> => {
    const said = await runProgram('sh', [
      '-c',
      `echo | openssl s_client -connect 127.0.0.1:${port} ${words.join(' ')} 2>&1 || true`,
    ]);
    return said.stdout;
  };
  const identityOf = (name: string) => ({
    ca: readFileSync(at(name, 'pem', 'ca.pem')),
    cert: readFileSync(at(name, 'pem', 'client.pem')),
    key: readFileSync(at(name, 'pem', 'client.key')),
  });

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    for (const name of ['alpha', 'beta']) {
      const client = await network.join(name, at(name));
      await client.run(['cert', 'export', at(name, 'pem')]);
      clients.set(name, client);
      mkdirSync(join(network.home, 'store', name, 'data'), { recursive: true });
    }
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('changes while sixteen uploads go on, with certificates, listeners and a revocation: fifteen arrive whole', async () => {
    const sent = Array.from({ length: uploads }, (_, index) =>
      beginUpload(network.port, index === 0 ? 'beta' : 'alpha', identityOf(index === 0 ? 'beta' : 'alpha')),
    );
    const [revoked, ...others] = sent as [Upload, ...Upload[]];
    await Promise.all(sent.map(({ begun }) => begun));

    await set('listeners.main.clientCertificate', 'warn');
    await inEffect('main', ({ clientCertificate }) => clientCertificate === 'warn');
    await (await admin()).call('ca.permit', { names: ['localhost', '127.0.0.0/8'] });
    await clients.get('alpha')?.run(['cert', 'renew', '--early']);
    const extra = await freePorts();
    const file = join(network.home, 'holdfast.toml');
    const settings = readFileSync(file, 'utf8');
    writeFileSync(file, settings + listenersOn(network.port, extra));
    process.kill(network.server.pid, 'SIGHUP');
    while (!(await takesConnections(extra))) await setTimeout(20);
    assert.deepEqual(await ask(extra, enrolPaths.trust, identityOf('alpha')), [200, undefined]);
    assert.deepEqual(await ask(extra, '/alpha/config', identityOf('alpha')), [404, 'service_elsewhere']);
    writeFileSync(file, settings);
    process.kill(network.server.pid, 'SIGHUP');
    while (await takesConnections(extra)) await setTimeout(20);
    await set('listeners.main.clientCertificate', 'require');
    await inEffect('main', ({ clientCertificate }) => clientCertificate === 'require');
    const agent = new Agent({ keepAlive: true });
    const closed = await idleConnection(network.port, identityOf('beta'), agent);
    await (await admin()).call('cert.revoke', { what: 'client/beta' });
    const startMs = performance.now();
    assert.equal(await revoked.ended, 'cut');
    await closed.idle;
    assert.ok(performance.now() - startMs < 1500, 'within a second of the end of the command');

    for (const { finish } of others) finish();
    assert.deepEqual(
      await Promise.all(others.map(({ ended }) => ended)),
      others.map(() => 200),
    );
    for (const { content, id } of others) {
      const path = join(network.home, 'store/alpha/data', id.slice(0, 2), id);
      assert.ok(readFileSync(path).equals(content));
    }
    assert.deepEqual(stored(join(network.home, 'store/beta/data')), []);
    await set('listeners.main.clientCertificate', 'default');
  });

  it('never closes the port: whoever connects meanwhile is taken', async () => {
    const isOver = new AbortController();
    const knocks = { taken: 0 };
    const knock = (async () => {
      while (!isOver.signal.aborted) {
        const socket = connect(network.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
        knocks.taken += 1;
        await setTimeout(1);
      }
    })();
    // As often as it takes for many to have come.
    while (knocks.taken < 100)
      for (const value of ['warn', 'off', 'require', 'off', 'default'])
        await set('listeners.main.clientCertificate', value);
    isOver.abort();
    await knock;
  });

  it('is what status and policy show print, weaker than the default as that, and gone again with default', async () => {
    const said = await network.run(['policy', 'set', 'listeners.main.level', 'intermediate']);
    assert.match(said.stderr, /listeners\.main\.level is weaker than the default now/);
    const found = await inEffect('main', ({ minimumVersion }) => minimumVersion === 'TLSv1.2');
    assert.match(found.weaker.join(), /listener main accepts TLSv1\.2/);
    assert.match(
      (await network.run(['policy', 'show'])).stdout,
      /listeners\.main\.level +intermediate.*weaker/,
    );
    assert.match(network.server.stderr, /listener main accepts TLSv1\.2/);
    await network.run(['policy', 'export', at('policy.json')]);
    assert.equal(JSON.parse(readFileSync(at('policy.json'), 'utf8')).listeners.main.level, 'intermediate');
    await set('listeners.main.level', 'default');
    await inEffect('main', ({ minimumVersion }) => minimumVersion === 'TLSv1.3');
    assert.doesNotMatch((await network.run(['policy', 'show'])).stdout, /listeners\./);
    await network.run(['policy', 'import', at('policy.json'), '--yes']);
    await inEffect('main', ({ minimumVersion }) => minimumVersion === 'TLSv1.2');
    await network.server.stop();
    await network.restart();
    await inEffect('main', ({ minimumVersion }) => minimumVersion === 'TLSv1.2');
    await network.run(['audit', 'verify']);
    await set('listeners.main.level', 'default');
  });

  it('says which versions, suites and key exchanges there are', async () => {
    const open = network.port + 1;
    assert.match(await shake(open, '-tls1_2'), /alert protocol version/);
    await set('listeners.open.minimumVersion', 'TLSv1.2');
    await inEffect('open', ({ minimumVersion }) => minimumVersion === 'TLSv1.2');
    assert.match(await shake(open, '-tls1_2'), /TLSv1\.2, Cipher is ECDHE-ECDSA/);
    assert.match(
      await shake(open, '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA'),
      /alert handshake failure/,
    );
    await set('listeners.open.minimumVersion', 'TLSv1.3');
    await inEffect('open', ({ minimumVersion }) => minimumVersion === 'TLSv1.3');
    assert.match(await shake(open, '-groups', 'X25519'), /TLSv1\.3, Cipher is/);
    await set('listeners.open.keyExchange', 'required');
    await inEffect('open', ({ groups }) => String(groups) === 'X25519MLKEM768');
    assert.match(await shake(open, '-groups', 'X25519'), /alert handshake failure/);
    await network.join('gamma', at('gamma'));
    await set('listeners.open.keyExchange', 'preferred');
    await inEffect('open', ({ groups }) => String(groups).startsWith('X25519MLKEM768,X25519'));
  });

  it('refuses what it does not know, what contradicts itself, and names of listeners that there are not', async () => {
    for (const [key, value, why] of [
      ['listeners.mian.level', 'modern', /no listener mian.*did you mean main/s],
      ['listeners.plain.level', 'modern', /plain and speaks no TLS/],
      ['listeners.main.levle', 'modern', /no key.*listeners\.main\.level/s],
      ['listeners.main.level', 'ancient', /must be modern or intermediate/],
      ['listeners.main.clientCertificate', 'maybe', /must be off/],
    ] as const)
      await refused(key, value, why);
    await set('listeners.main.level', 'modern');
    await refused('listeners.main.minimumVersion', 'TLSv1.2', /level modern forbids/);
    await set('listeners.main.level', 'intermediate');
    await refused('listeners.main.keyExchange', 'required', /required of TLS 1\.3 alone/);
    await set('listeners.main.level', 'default');
  });
});

type Listener = OperationAnswer<'status'>['listeners'][number];

/** Status and code of what is answered. */
async function ask(port: number, path: string, identity: ClientIdentity) {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, ...identity }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return [answer.resume().statusCode, answer.headers['holdfast-code']];
}

interface Upload {
  readonly content: Buffer;
  readonly id: string;
  /** Resolves once the server has half of it. */
  readonly begun: Promise<unknown>;
  readonly finish: () => void;
  /** The status that was answered, or that the connection was cut. */
  readonly ended: Promise<number | 'cut' | undefined>;
}

interface ClientIdentity {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Sends half of an object, and the rest when it is told to. */
function beginUpload(port: number, name: string, identity: ClientIdentity): Upload {
  const content = randomBytes(2 * half);
  const id = hash('sha256', content);
  const sent: ClientRequest = request({
    host: '127.0.0.1',
    port,
    path: `/${name}/data/${id}`,
    method: 'POST',
    agent: false,
    headers: { 'content-length': content.length },
    ...identity,
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | 'cut' | undefined>();
  sent.once('response', (answer: IncomingMessage) => resolve(answer.resume().statusCode));
  sent.once('error', () => resolve('cut'));
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let at = half;
  sent.write(content.subarray(0, half), () => begin());
  // Nobody who sends nothing for two minutes is waited for, which a slow machine takes for what happens meanwhile.
  const trickle = setInterval(() => sent.write(content.subarray(at, ++at)), secondMs);
  const finish = (): void => {
    clearInterval(trickle);
    sent.end(content.subarray(at));
  };
  void ended.then(() => clearInterval(trickle));
  return { content, id, begun, ended, finish };
}

/** A connection that was used once, and is kept: `idle` resolves when it has ended. */
async function idleConnection(
  port: number,
  identity: ClientIdentity,
  agent: Agent,
): Promise<{ readonly idle: Promise<unknown> }> {
  const sent = request({ host: '127.0.0.1', port, path: '/beta/config', agent, ...identity });
  const connecting = once(sent, 'socket');
  sent.end();
  const [socket] = (await connecting) as [Socket];
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  return { idle: once(socket, 'close') };
}

function stored(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** The default listeners, and one more. */
function listenersOn(port: number, extra: number): string {
  const another = { name: 'extra', port: extra, services: ['control'] };
  return listenersToml([...usualListeners(port), { ...another, clientCertificate: 'require' }]);
}
