import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import {
  type Authority,
  answerEscrow,
  answerJoin,
  answerRenew,
  createAuthority,
  refusalOf,
} from '../src/authority/index.ts';
import { dayMs, isHoldfastError, ManualClock, silentLog } from '../src/base/index.ts';
import {
  type Enrolment,
  enrolPaths,
  type JoinCode,
  join,
  leaveEscrow,
  renew,
  verifyCheckpoint,
} from '../src/enrol/index.ts';
import { exportPublicKey, generateKeyPair } from '../src/pki/index.ts';
import { defaultListeners, type ListenerPolicy } from '../src/policy/index.ts';
import { Hot, type Listener, listen, PeerGate, serveHttp, TlsDialer } from '../src/transport/index.ts';
import { Keystore } from '../src/trust/index.ts';

/** An authority behind real listeners that only enrol, renew and keep escrow. */
class EnrolmentServer implements AsyncDisposable {
  readonly authority: Authority;
  readonly #listeners: Listener[] = [];
  readonly #gate: PeerGate;
  control = '';
  enrol = '';
  /** When set, the next answer is computed and then lost with its connection. */
  loseNextAnswer = false;

  private constructor(authority: Authority, clock: ManualClock) {
    this.authority = authority;
    const bundle = new Hot(authority.trustBundle);
    this.#gate = new PeerGate({
      bundle,
      issuings: () => authority.issuings,
      isGood: (serial) => authority.isGood(serial),
      clock,
      log: silentLog,
    });
  }

  static async start(authority: Authority, clock: ManualClock): Promise<EnrolmentServer> {
    const server = new EnrolmentServer(authority, clock);
    const { privateKey } = await generateKeyPair('p256');
    const spki = exportPublicKey(privateKey);
    const names = ['localhost', '127.0.0.1'];
    const { chain } = await authority.issueLocal({ role: 'server', name: 'vault', names, spki });
    const credentials = new Hot({ chain, privateKey });
    const [control, enrol] = defaultListeners(0) as [ListenerPolicy, ListenerPolicy];
    for (const policy of [control, enrol]) {
      const http = createServer((request, response) => void server.#serve(request, response));
      const address = { host: '127.0.0.1', port: 0 };
      const onConnection = serveHttp(http);
      server.#listeners.push(
        await listen({ policy: { ...policy, address }, credentials, onConnection, log: silentLog }),
      );
    }
    const [controlPort, enrolPort] = server.#listeners.map((listener) => listener.address.port);
    server.control = `https://127.0.0.1:${controlPort}`;
    server.enrol = `127.0.0.1:${enrolPort}`;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const answer = await this.#answer(request);
      if (this.loseNextAnswer) {
        this.loseNextAnswer = false;
        return void request.socket.destroy();
      }
      response.end(answer);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      response.writeHead(403).end(JSON.stringify(refusalOf(error)));
    }
  }

  async #answer(request: IncomingMessage): Promise<string | Uint8Array> {
    const servers = [this.control];
    if (request.url?.startsWith(`${enrolPaths.root}?`)) return this.authority.root.der;
    const input = await readJson(request);
    if (request.url === enrolPaths.join) {
      return JSON.stringify(await answerJoin(this.authority, input, { from: 'test', servers }));
    }
    const peer = await this.#gate.check(request.socket, { roles: ['client'] });
    if (request.url === enrolPaths.renew)
      return JSON.stringify(await answerRenew(this.authority, input, { peer, servers }));
    await answerEscrow(this.authority, input, peer);
    return '{}';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) await listener.close();
    await this.authority.close();
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

const label = 'node';

function failToKeep(): Promise<void> {
  return Promise.reject(new Error('disk full'));
}

describe('a machine that joins over the wire', () => {
  let directory: string;
  let server: EnrolmentServer;
  let keystore: Keystore;
  let code: JoinCode;
  const clock = new ManualClock(Date.now());
  const kept: Enrolment[] = [];
  const keep = async (enrolment: Enrolment): Promise<void> => {
    kept.push(enrolment);
  };

  beforeEach(async () => {
    directory = await mkdtemp(joinPath(tmpdir(), 'holdfast-enrolment-'));
    kept.length = 0;
    const authority = await createAuthority({
      home: directory,
      network: 'backup.example',
      statusAddress: 'http://localhost:8445',
      clock,
      worker: true,
      recoveryKit: { write: async () => {} },
    });
    server = await EnrolmentServer.start(authority, clock);
    code = await authority.createToken({ role: 'client', name: 'alpha', addresses: [server.enrol] });
    keystore = await Keystore.create(joinPath(directory, 'node'));
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const joinNow = (): Promise<Enrolment> => join(code, { keystore, label, keep, clock, log: silentLog });
  const dialer = ({ bundle, chain }: Enrolment): TlsDialer =>
    new TlsDialer({
      bundle: new Hot(bundle),
      credentials: new Hot({ chain, privateKey: keystore.key(label) }),
      clock,
    });

  it('gets its certificate, the trust bundle, its servers and a checkpoint, and keeps them before its key', async () => {
    let hadKey = true;
    const enrolment = await join(code, {
      keystore,
      label,
      keep: async () => {
        hadKey = keystore.has(label);
      },
      clock,
      log: silentLog,
    });
    assert.equal(hadKey, false);
    assert.deepEqual(enrolment.identity, { network: 'backup.example', role: 'client', name: 'alpha' });
    assert.deepEqual(keystore.certificate(label), enrolment.chain);
    assert.deepEqual(exportPublicKey(keystore.key(label)), Buffer.from(enrolment.certificate.spki));
    assert.deepEqual([...keystore.labels()].sort(), ['joined by', label]);
    assert.deepEqual(enrolment.servers, [server.control]);
    assert.equal(enrolment.bundle.anchors[0]?.fingerprint, code.fingerprint);
    assert.equal(verifyCheckpoint(enrolment.checkpoint, server.authority.issuing).epoch, 1);
  });

  it('gets the same certificate when the answer was lost, or could not be kept', async () => {
    server.loseNextAnswer = true;
    await assert.rejects(joinNow(), (error) => isHoldfastError(error, 'connection_reset'));
    await assert.rejects(
      join(code, { keystore, label, keep: failToKeep, clock, log: silentLog }),
      /disk full/,
    );
    assert.equal(keystore.has(label), false);
    keystore = await Keystore.open(joinPath(directory, 'node'));
    await joinNow();
    const clients = await server.authority.certificates.list({ role: 'client' });
    assert.equal(clients.length, 1);
    assert.equal(kept[0]?.certificate.serial, clients[0]?.serial);
  });

  it('is told that its code was used by somebody else', async () => {
    await joinNow();
    keystore = await Keystore.create(joinPath(directory, 'other'));
    await assert.rejects(joinNow(), (error) => isHoldfastError(error, 'join_code_used'));
    assert.equal(keystore.has(label), false);
  });

  it('renews over mutual TLS, alike when the answer was lost, and leaves its sealed password', async () => {
    const first = await joinNow();
    clock.advance(20 * dayMs);
    using present = dialer(first);
    const options = {
      identity: first.identity,
      keystore,
      label,
      server: server.control,
      dialer: present,
      bundle: first.bundle,
      checkpoint: first.checkpoint,
      keep,
      clock,
    };
    server.loseNextAnswer = true;
    await assert.rejects(renew(options), (error) => isHoldfastError(error, 'connection_reset'));
    assert.deepEqual(keystore.certificate(label), first.chain);
    const next = await renew(options);
    assert.deepEqual(keystore.certificate(label), next.chain);
    assert.deepEqual(exportPublicKey(keystore.key(label)), Buffer.from(next.certificate.spki));
    assert.notDeepEqual(next.certificate.spki, first.certificate.spki);
    assert.deepEqual([...keystore.labels()].sort(), ['joined by', label]);
    assert.equal((await server.authority.certificates.list({ role: 'client' })).length, 2);

    using renewed = dialer(next);
    await leaveEscrow({
      server: server.control,
      dialer: renewed,
      repository: 'r1',
      sealed: Uint8Array.of(1, 2),
    });
    assert.deepEqual(await server.authority.escrow.get(next.identity, 'r1'), [Uint8Array.of(1, 2)]);
  });
});
