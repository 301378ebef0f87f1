import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { equalBytes, silentLog, systemClock } from '../base/index.ts';
import { ForwardingStore, formatObjectRef, MemoryStore } from '../storage/index.ts';
import { refOf, sampleBytes } from '../storage/object-store.contract.ts';
import { sealHeader, TicketOffice, type TicketOrder } from '../transport/index.ts';
import { type AskTickets, type GivenTickets, TicketStore } from './ticket-store.ts';

const sample = sampleBytes(600_000);
const ref = refOf('data', sample);
const path = `/me/${formatObjectRef(ref)}`;

/** What TLS did, and what the plain line. */
class SecureStore extends ForwardingStore {
  readonly asked: string[] = [];

  override get location(): string {
    return 'https://server.test:8443/me/';
  }

  override read(
    ...[what, options]: Parameters<ForwardingStore['read']>
  ): ReturnType<ForwardingStore['read']> {
    this.asked.push(`read ${what.type}`);
    return super.read(what, options);
  }

  override write(...[what, body, options]: Parameters<ForwardingStore['write']>): Promise<void> {
    this.asked.push(`write ${what.type}`);
    return super.write(what, body, options);
  }
}

type Serve = (
  used: ReturnType<TicketOffice['use']>,
  request: IncomingMessage,
  response: ServerResponse,
) => void;

interface Rig {
  readonly store: TicketStore;
  readonly secure: SecureStore;
  /** What the plain line was asked. */
  readonly plain: TicketOrder[];
  /** For how many orders tickets were asked, each time. */
  readonly asks: number[];
}

/** How long it takes to be given tickets. */
const askMs = 20;

/** A store over a plain line that is served as a test wants, in front of one in memory. */
async function rig(t: TestContext, serve: Serve, given?: () => GivenTickets | undefined): Promise<Rig> {
  const office = new TicketOffice('server/here', systemClock);
  const plain: TicketOrder[] = [];
  const server = createServer((request, response) => {
    const used = office.use(request.headers.authorization);
    plain.push(used.order);
    serve(used, request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const secure = new SecureStore(new MemoryStore());
  await secure.create();
  const asks: number[] = [];
  const askTickets: AskTickets = async (orders, signal) => {
    signal?.throwIfAborted();
    asks.push(orders.length);
    await setTimeout(askMs);
    return given === undefined
      ? { plain: url, tickets: orders.map((order) => office.give(order, 'me')) }
      : given();
  };
  return {
    store: new TicketStore(secure, { agent: () => agent, askTickets, log: silentLog }),
    secure,
    plain,
    asks,
  };
}

/** As a server does it. */
const honest: Serve = (used, request, response) => {
  assert.deepEqual([request.method, request.url], [used.order.method, used.order.path]);
  if (used.order.method === 'POST') {
    void buffer(request).then((body) => {
      assert.deepEqual(body, Buffer.from(sample));
      response
        .writeHead(200, { [sealHeader]: used.seal(200).digest('base64url'), 'content-length': 0 })
        .end();
    });
    return;
  }
  const part = sample.subarray(used.order.offset, used.order.offset + used.order.length);
  response.writeHead(206).end(Buffer.concat([part, used.seal(206).update(part).digest()]));
};

const range = { offset: 10, length: 300_000 };

describe('a store over a plain data channel', () => {
  it('sends packs and has their parts there, and everything else by TLS', async (t) => {
    const { store, secure, plain } = await rig(t, honest);
    await store.write(ref, [sample], { size: sample.length });
    assert.ok(equalBytes(await store.read(ref, { range }), sample.subarray(10, 300_010)));
    assert.deepEqual(plain, [
      { method: 'POST', path, offset: 0, length: sample.length },
      { method: 'GET', path, ...range },
    ]);
    assert.deepEqual(secure.asked, []);
    const index = refOf('index', sample);
    await store.write(index, [sample], { size: sample.length });
    await store.read(index);
    assert.deepEqual(secure.asked, ['write index', 'read index']);
  });

  it('sends what is small, and has small parts, over TLS without asking for a ticket', async (t) => {
    const { store, secure, plain, asks } = await rig(t, honest);
    const small = sampleBytes(262_143);
    const other = refOf('data', small);
    await store.write(other, [small], { size: small.length });
    assert.ok(equalBytes(await store.read(other, { range: { offset: 0, length: 262_143 } }), small));
    assert.deepEqual([plain, asks, secure.asked], [[], [], ['write data', 'read data']]);
  });

  it('goes over TLS where the server says so, or gives no ticket', async (t) => {
    const { store, secure, plain } = await rig(t, honest, () => undefined);
    await store.write(ref, [sample], { size: sample.length });
    assert.ok(equalBytes(await store.read(ref, { range }), sample.subarray(10, 300_010)));
    assert.deepEqual([plain, secure.asked], [[], ['write data', 'read data']]);
  });

  const liars: Readonly<Record<string, Serve>> = {
    'is answered by somebody without the key': (_used, request, response) => {
      request.resume().once('end', () => response.writeHead(200, { 'content-length': 0 }).end());
    },
    "has another ticket's seal": (used, request, response) => {
      const seal = used.seal(201).digest('base64url');
      request
        .resume()
        .once('end', () => response.writeHead(200, { [sealHeader]: seal, 'content-length': 0 }).end());
    },
    'is refused': (_used, request, response) => {
      request.resume().once('end', () => response.writeHead(403).end());
    },
    'is cut': (_used, request) => void request.once('data', () => request.socket.resetAndDestroy()),
  };
  for (const [what, serve] of Object.entries(liars)) {
    it(`sends by TLS what ${what}`, async (t) => {
      const { store, secure, plain } = await rig(t, serve);
      await store.write(ref, [sample], { size: sample.length });
      assert.equal(plain.length, 1);
      assert.deepEqual(secure.asked, ['write data']);
      // For a while nothing is tried.
      await store.read(ref, { range });
      assert.equal(plain.length, 1);
    });
  }

  const changed: Readonly<Record<string, (part: Buffer, seal: Buffer) => Buffer>> = {
    'with a byte of another': (part, seal) => Buffer.concat([part.fill(1, 100, 101), seal]),
    'without its end': (part, seal) => Buffer.concat([part, seal]).subarray(0, -1),
    'with more at its end': (part, seal) => Buffer.concat([part, seal, Buffer.from('x')]),
    'of another place': (part, seal) => Buffer.concat([part.reverse(), seal]),
  };
  for (const [what, change] of Object.entries(changed)) {
    it(`has by TLS what comes ${what}`, async (t) => {
      const { store, secure } = await rig(t, (used, _request, response) => {
        const part = Buffer.from(sample.subarray(range.offset, range.offset + range.length));
        response.writeHead(206).end(change(part, used.seal(206).update(part).digest()));
      });
      await secure.write(ref, [sample], { size: sample.length });
      assert.ok(equalBytes(await store.read(ref, { range }), sample.subarray(10, 300_010)));
      assert.deepEqual(secure.asked, ['write data', 'read data']);
    });
  }

  it('goes on with what another asked for at the same time, who ends', async (t) => {
    const { store, secure, plain } = await rig(t, honest);
    await secure.write(ref, [sample], { size: sample.length });
    const control = new AbortController();
    const ending = store.read(ref, { range, signal: control.signal });
    const other = store.read(ref, { range: { offset: 0, length: 262_144 } });
    control.abort(new Error('enough'));
    await assert.rejects(ending, /enough/);
    assert.ok(equalBytes(await other, sample.subarray(0, 262_144)));
    assert.deepEqual(plain, [{ method: 'GET', path, offset: 0, length: 262_144 }]);
  });

  it('asks once for all that comes while it is given tickets', async (t) => {
    const { store, plain, asks } = await rig(t, honest);
    const write = () => store.write(ref, [sample], { size: sample.length });
    const lane = async (): Promise<void> => {
      // Each comes at a moment of its own.
      for (let round = 0; round < 3; round++) await setTimeout(1).then(write);
    };
    const lanes: Promise<void>[] = [];
    for (let count = 0; count < 4; count++) lanes.push(setTimeout(2 * count).then(lane));
    await Promise.all(lanes);
    assert.equal(plain.length, 12);
    assert.ok(asks.length <= 8, `asked ${asks.length} times, for ${asks.join(', ')}`);
  });

  it('ends when it is told to', async (t) => {
    const { store } = await rig(t, () => {});
    const control = new AbortController();
    const reading = store.read(ref, { range, signal: control.signal });
    control.abort(new Error('enough'));
    await assert.rejects(reading, /enough/);
  });
});
