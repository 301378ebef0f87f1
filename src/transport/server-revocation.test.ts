import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { GatedServer, get } from '../../test/rig/gated-server.ts';
import { SampleAuthority, type SampleNode } from '../../test/rig/sample-certificates.ts';
import {
  type Bytes,
  dayMs,
  type ErrorCode,
  hourMs,
  isHoldfastError,
  type Log,
  ManualClock,
  minuteMs,
  silentLog,
  systemClock,
} from '../base/index.ts';
import {
  createOcspRequest,
  createOcspResponse,
  createOcspSigner,
  type OcspStatus,
  parseCertificate,
  parseOcspRequest,
} from '../pki/index.ts';
import type { ClientPolicy } from '../policy/index.ts';
import { singleRootBundle, trustAnchor } from '../trust/index.ts';
import { Hot } from './secure-context.ts';
import { ServerRevocation, type Verdict } from './server-revocation.ts';
import { TlsDialer } from './tls-dialer.ts';

const authority = await SampleAuthority.create();
const good: OcspStatus = { kind: 'good' };
const revoked: OcspStatus = {
  kind: 'revoked',
  revokedAt: new Date(Date.now() - minuteMs),
  reason: 'keyCompromise',
};

/** An answer of the issuing authority about a certificate of its own, good for an hour. */
function answerAbout({ chain: [leaf] }: SampleNode, status: OcspStatus): Bytes {
  const issuer = parseCertificate(authority.issuing.der);
  const { serial } = parseCertificate(leaf as Bytes);
  return answerTo(createOcspRequest({ issuer, serials: [serial] }), status);
}

function answerTo(request: Bytes, status: OcspStatus): Bytes {
  const signer = createOcspSigner(parseCertificate(authority.issuing.der), authority.issuing.keys.privateKey);
  const now = new Date(Date.now() - minuteMs);
  return createOcspResponse(
    {
      answers: parseOcspRequest(request).certIds.map(({ der: certId }) => ({ certId, status })),
      producedAt: now,
      thisUpdate: now,
      nextUpdate: new Date(now.getTime() + hourMs),
    },
    signer,
  );
}

/** Answers OCSP requests with one status, and counts them. */
class Responder implements AsyncDisposable {
  asked = 0;
  status: OcspStatus = good;
  /** Hangs up after a while. */
  isSlow = false;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.asked += 1;
      if (this.isSlow) return void setTimeout(() => request.destroy(), 1100);
      const body = request.toArray().then((chunks: Buffer[]) => Buffer.concat(chunks));
      void body.then((bytes) => response.end(answerTo(bytes, this.status)));
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** A log that keeps its warnings. */
function keptLog(): Log & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return {
    ...silentLog,
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    warnings,
  };
}

interface Dialing {
  readonly mode: 'soft' | 'hard';
  readonly verdicts?: Verdict[];
  readonly log?: Log;
  readonly clock?: ManualClock;
  readonly policy?: Partial<ClientPolicy>;
}

function dialer({ mode, verdicts = [], log = silentLog, clock, policy }: Dialing): TlsDialer {
  const file = {
    read: async () => [...verdicts],
    write: async (next: readonly Verdict[]) => void verdicts.splice(0, Infinity, ...next),
  };
  return new TlsDialer({
    bundle: new Hot(singleRootBundle(authority.network, authority.root.der)),
    credentials: new Hot(laptop),
    clock: clock ?? systemClock,
    revocation: new ServerRevocation({ mode, file, clock: clock ?? systemClock, log }),
    ...(policy && { policy }),
  });
}

const laptop = await authority.issue('client', 'laptop');

/** What a dialer finds at a server: an answer, or the code it fails with and what it says. */
async function found(server: GatedServer, dialing: Dialing): Promise<string> {
  using client = dialer(dialing);
  try {
    return (await get(server.url, client.agent())).body;
  } catch (error) {
    assert.ok(isHoldfastError(error), String(error));
    return `${error.code}: ${error.message}`;
  }
}

function refused(code: ErrorCode): RegExp {
  return new RegExp(`^${code}: `);
}

describe('whether a server is revoked', () => {
  let responder: Responder;
  let own: SampleNode;
  before(async () => {
    responder = await new Responder().start();
    own = await authority.issue('server', 'srv', { extensions: { ocspUrls: [responder.url] } });
  });
  after(() => responder[Symbol.asyncDispose]());

  it('is said by the answer that comes with the handshake, and nobody is asked then', async () => {
    for (const [status, expected] of [
      [good, /^client laptop$/],
      [revoked, refused('certificate_revoked')],
    ] as const) {
      const staple = async () => answerAbout(own, status);
      await using server = await GatedServer.start({ authority, credentials: { ...own, staple } });
      responder.asked = 0;
      assert.match(await found(server, { mode: 'soft' }), expected);
      assert.equal(responder.asked, 0);
      assert.equal(server.requests.length, status === good ? 1 : 0);
    }
  });

  it('is asked at the address in the certificate, once until the next update of the answer', async () => {
    await using server = await GatedServer.start({ authority, credentials: own });
    const verdicts: Verdict[] = [];
    const clock = new ManualClock(Date.now());
    responder.asked = 0;
    for (let run = 0; run < 3; run++)
      assert.equal(await found(server, { mode: 'soft', verdicts, clock }), 'client laptop');
    assert.equal(responder.asked, 1);
    clock.advance(2 * hourMs);
    assert.equal(await found(server, { mode: 'soft', verdicts, clock }), 'client laptop');
    assert.equal(responder.asked, 2);
    responder.status = revoked;
    assert.match(await found(server, { mode: 'soft' }), refused('certificate_revoked'));
    responder.status = good;
  });

  it('is asked once for connections that are opened together', async () => {
    await using server = await GatedServer.start({ authority, credentials: own });
    using client = dialer({ mode: 'soft' });
    responder.asked = 0;
    await Promise.all(Array.from({ length: 8 }, () => get(server.url, client.agent())));
    assert.equal(responder.asked, 1);
  });

  it('goes on with a note where nobody answers; hard refuses, and tells the server nothing', async () => {
    const nowhere = { extensions: { ocspUrls: ['http://127.0.0.1:9/'] } };
    const credentials = await authority.issue('server', 'srv', nowhere);
    await using server = await GatedServer.start({ authority, credentials });
    const log = keptLog();
    const verdicts: Verdict[] = [];
    assert.equal(await found(server, { mode: 'soft', log, verdicts }), 'client laptop');
    assert.match(log.warnings.join(), /^whether the server is revoked is not known .*127\.0\.0\.1:9/);
    assert.deepEqual(verdicts, []);
    const said = await found(server, { mode: 'hard', verdicts });
    assert.match(said, refused('revocation_unknown'));
    assert.match(said, /127\.0\.0\.1:9/);
    assert.equal(server.requests.length, 1);
  });

  it('is not asked again for a while where somebody was long in not answering', async () => {
    await using server = await GatedServer.start({ authority, credentials: own });
    const verdicts: Verdict[] = [];
    responder.asked = 0;
    responder.isSlow = true;
    for (let run = 0; run < 3; run++)
      assert.equal(await found(server, { mode: 'soft', verdicts }), 'client laptop');
    assert.equal(responder.asked, 1);
    responder.isSlow = false;
  });

  it('is not known of a server that names no address: soft goes on without a word, hard refuses', async () => {
    await using server = await GatedServer.start({ authority });
    const log = keptLog();
    assert.equal(await found(server, { mode: 'soft', log }), 'client laptop');
    assert.deepEqual(log.warnings, []);
    assert.match(await found(server, { mode: 'hard' }), refused('revocation_unknown'));
  });

  it('is not taken from bytes that are no answer, or of an answer about another certificate', async () => {
    const other = await authority.issue('server', 'other');
    for (const bytes of [Buffer.from('junk'), answerAbout(other, good)]) {
      const credentials = { ...(await authority.issue('server', 'srv')), staple: async () => bytes };
      await using server = await GatedServer.start({ authority, credentials });
      assert.match(await found(server, { mode: 'hard' }), refused('revocation_unknown'));
    }
  });

  it('is asked about every certificate below a root from elsewhere', async () => {
    await using server = await GatedServer.start({ authority, credentials: own });
    const bundle = {
      network: 'elsewhere.example',
      anchors: [trustAnchor(authority.root.der, { kind: 'server', names: ['127.0.0.1'] })],
    };
    const log = keptLog();
    const file = { read: async () => [], write: async () => {} };
    using client = new TlsDialer({
      bundle: new Hot(bundle),
      credentials: new Hot(laptop),
      clock: systemClock,
      revocation: new ServerRevocation({ mode: 'soft', file, clock: systemClock, log }),
    });
    await get(server.url, client.agent());
    assert.match(log.warnings.join(), /no list and no answer/);
  });
});

describe('what a policy gives up', () => {
  const expired = () =>
    authority.issue('server', 'srv', { notBefore: new Date(0), notAfter: new Date(Date.now() - dayMs) });

  it('is proof of who the server is, and the dialer tells why it has none', async () => {
    await using server = await GatedServer.start({ authority, credentials: await expired() });
    using client = dialer({ mode: 'hard', policy: { verifyServer: false } });
    assert.equal((await get(server.url, client.agent())).body, 'client laptop');
    assert.equal(client.doubt()?.code, 'certificate_expired');
  });

  it('is nothing where the server proves itself all the same', async () => {
    await using server = await GatedServer.start({ authority });
    using client = new TlsDialer({
      bundle: new Hot(singleRootBundle(authority.network, authority.root.der)),
      credentials: new Hot(laptop),
      clock: systemClock,
      policy: { verifyServer: false },
    });
    await get(server.url, client.agent());
    assert.equal(client.doubt(), undefined);
  });

  it('is the certificate of this machine, which is not shown then', async () => {
    await using server = await GatedServer.start({ authority, policy: { clientCertificate: 'warn' } });
    using client = new TlsDialer({
      bundle: new Hot(singleRootBundle(authority.network, authority.root.der)),
      credentials: new Hot(laptop),
      clock: systemClock,
      policy: { presentCertificate: false },
    });
    assert.equal((await get(server.url, client.agent())).status, 403);
  });
});
