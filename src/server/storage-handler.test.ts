import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { closed } from '../../test/rig/closed.ts';
import { type Bytes, HoldfastError, silentLog } from '../base/index.ts';
import { FallbackStore, LocalStore, MemoryStore } from '../storage/index.ts';
import { put, refOf, sampleBytes } from '../storage/object-store.contract.ts';
import { storageHttpOptions } from './open-listeners.ts';
import { createStorageHandler, type StorageEvent, type StorageHandlerOptions } from './storage-handler.ts';

const typeV2 = 'application/vnd.x.restic.rest.v2';
const sample = sampleBytes(100_000);
const samplePath = pathOf('data', sample);
const noName = 'ab'.repeat(32);

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
}

interface Rig {
  readonly port: number;
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
}

/** A server for the client `me`, and a way to call it over one connection. */
async function serve(
  t: TestContext,
  options: Partial<StorageHandlerOptions> & { appendOnly?: boolean } = {},
): Promise<Rig> {
  const { appendOnly = false, ...handlerOptions } = options;
  const store = new MemoryStore();
  const handle = createStorageHandler({ storeFor: () => store, log: silentLog, ...handlerOptions });
  const server = createServer(storageHttpOptions, (request, response) => {
    void handle(request, response, { client: 'me', appendOnly });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, call: (method, path, call) => callServer({ port, agent, method, path }, call) };
}

async function callServer(
  target: { port: number; agent: Agent; method: string; path: string },
  { headers = {}, body }: Call = {},
): Promise<Answer> {
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const request = httpRequest({ host: '127.0.0.1', ...target, headers: { ...length, ...headers } });
  request.end(body);
  const [message] = await once(request, 'response');
  return { status: message.statusCode, headers: message.headers, body: await buffer(message) };
}

async function openLocalStore(t: TestContext): Promise<LocalStore> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-server-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const store = new LocalStore(directory);
  await store.create();
  return store;
}

function pathOf(type: 'data' | 'keys' | 'locks' | 'snapshots' | 'index', bytes: Bytes): string {
  const ref = refOf(type, bytes);
  return ref.type === 'config' ? '/me/config' : `/me/${ref.type}/${ref.name}`;
}

function failingStore(): never {
  throw new Error('bug at /secret/place');
}

function codeOf({ body }: Answer): unknown {
  return (JSON.parse(body.toString()) as { code: unknown }).code;
}

/** Sends the head of an upload and a part of its body. */
async function beginUpload(port: number, size: number, part: Bytes): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  socket.write(`POST ${samplePath} HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n`);
  socket.write(part);
  return socket;
}

describe('storage handler: what is damaged here', () => {
  it('is read from a copy that has it, and is there for nobody who looks', async (t) => {
    const copy = new MemoryStore();
    await put(copy, 'data', sample);
    const { call } = await serve(t, {
      replicas: {
        gate: { enter: () => Promise.reject(new HoldfastError('namespace_forbidden', 'nobody')) },
        readable: (_namespace, store) => new FallbackStore(store, async () => [copy]),
      },
    });
    const { status, body } = await call('GET', samplePath);
    assert.deepEqual([status, body.equals(sample)], [200, true]);
    const part = await call('GET', samplePath, { headers: { range: 'bytes=10-19' } });
    assert.deepEqual([part.status, part.body.equals(sample.subarray(10, 20))], [206, true]);
    assert.equal((await call('HEAD', samplePath)).status, 404);
    assert.equal((await call('GET', '/me/data/')).body.toString(), '[]');
    assert.equal((await call('GET', `/me/data/${noName}`)).status, 404);
    assert.equal((await call('GET', `/-/replica/vault${samplePath}`)).status, 403);
  });
});

describe('storage handler: the repository', () => {
  it('is created, also again, and only when it is said so', async (t) => {
    const { call } = await serve(t);
    assert.equal((await call('POST', '/me/?create=true')).status, 200);
    assert.equal((await call('POST', '/me/?create=true')).status, 200);
    assert.equal((await call('POST', '/me/')).status, 400);
    assert.equal((await call('DELETE', '/me/')).status, 405);
  });

  it('has a config that is written once', async (t) => {
    const { call } = await serve(t);
    assert.equal((await call('HEAD', '/me/config')).status, 404);
    assert.equal((await call('POST', '/me/config', { body: sampleBytes(155) })).status, 200);
    assert.equal((await call('POST', '/me/config', { body: sampleBytes(155) })).status, 200);
    assert.equal((await call('POST', '/me/config', { body: sampleBytes(155, 2) })).status, 403);
    const head = await call('HEAD', '/me/config');
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '155', 0]);
    const got = await call('GET', '/me/config', { headers: { range: 'bytes=0-' } });
    assert.deepEqual([got.status, new Uint8Array(got.body)], [206, sampleBytes(155)]);
    assert.equal((await call('DELETE', '/me/config')).status, 200);
    assert.equal((await call('GET', '/me/config')).status, 404);
  });

  it('is apart from the further repositories of the same client', async (t) => {
    const stores: Record<string, MemoryStore> = {};
    const storeFor: StorageHandlerOptions['storeFor'] = ({ client, repository = '' }) =>
      (stores[`${client}/${repository}`] ??= new MemoryStore());
    const { call } = await serve(t, { storeFor });
    await call('POST', '/me/photos/config', { body: sampleBytes(10) });
    await call('POST', '/me/config', { body: sampleBytes(20) });
    assert.equal((await call('HEAD', '/me/photos/config')).headers['content-length'], '10');
    assert.deepEqual(Object.keys(stores), ['me/photos', 'me/']);
  });

  it('of another client is refused, whatever is asked', async (t) => {
    const { call } = await serve(t);
    for (const [method, path] of [
      ['GET', '/you/config'],
      ['POST', '/you/?create=true'],
      ['GET', '/you/data/'],
    ] as const) {
      const answer = await call(method, path);
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'namespace_forbidden']);
    }
  });
});

describe('storage handler: lists', () => {
  for (const accept of [undefined, 'application/vnd.x.restic.rest.v1', '*/*']) {
    it(`names objects alone when ${accept} is accepted`, async (t) => {
      const { call } = await serve(t);
      await call('POST', samplePath, { body: sample });
      const answer = await call('GET', '/me/data/', { headers: accept === undefined ? {} : { accept } });
      assert.equal(answer.headers['content-type'], 'application/vnd.x.restic.rest.v1');
      assert.deepEqual(JSON.parse(answer.body.toString()), [samplePath.slice(-64)]);
    });
  }

  it('tells sizes in version 2, with exactly its content type', async (t) => {
    const { call } = await serve(t);
    await call('POST', samplePath, { body: sample });
    const answer = await call('GET', '/me/data/', { headers: { accept: typeV2 } });
    assert.equal(answer.headers['content-type'], typeV2);
    assert.deepEqual(JSON.parse(answer.body.toString()), [{ name: samplePath.slice(-64), size: 100_000 }]);
  });

  it('are empty when there is nothing', async (t) => {
    const { call } = await serve(t);
    for (const type of ['data', 'keys', 'locks', 'snapshots', 'index']) {
      assert.equal(
        (await call('GET', `/me/${type}/`, { headers: { accept: typeV2 } })).body.toString(),
        '[]',
      );
    }
  });

  it('of many batches are one list', async (t) => {
    const store = await openLocalStore(t);
    const { call } = await serve(t, { storeFor: () => store });
    for (let seed = 1; seed <= 30; seed++) await put(store, 'data', sampleBytes(seed, seed));
    const answer = await call('GET', '/me/data/', { headers: { accept: typeV2 } });
    assert.equal((JSON.parse(answer.body.toString()) as unknown[]).length, 30);
  });
});

describe('storage handler: reading', () => {
  const ranges: readonly (readonly [string, number, string | undefined, number, number])[] = [
    ['bytes=0-', 206, 'bytes 0-99999/100000', 0, 100_000],
    ['bytes=5-14', 206, 'bytes 5-14/100000', 5, 15],
    ['bytes=99999-99999', 206, 'bytes 99999-99999/100000', 99_999, 100_000],
    ['bytes=99990-200000', 206, 'bytes 99990-99999/100000', 99_990, 100_000],
    ['bytes=-10', 206, 'bytes 99990-99999/100000', 99_990, 100_000],
    ['bytes=-200000', 206, 'bytes 0-99999/100000', 0, 100_000],
    ['bytes=14-5', 200, undefined, 0, 100_000],
    ['bytes=-', 200, undefined, 0, 100_000],
    ['bytes=1-2,5-6', 200, undefined, 0, 100_000],
    ['lines=1-2', 200, undefined, 0, 100_000],
  ];
  for (const [range, status, contentRange, start, end] of ranges) {
    it(`answers ${range} with ${status} and ${end - start} bytes`, async (t) => {
      const { call } = await serve(t);
      await call('POST', samplePath, { body: sample });
      const answer = await call('GET', samplePath, { headers: { range } });
      assert.deepEqual([answer.status, answer.headers['content-range']], [status, contentRange]);
      assert.equal(answer.headers['content-length'], String(end - start));
      assert.deepEqual(new Uint8Array(answer.body), sample.slice(start, end));
    });
  }

  for (const range of ['bytes=100000-', 'bytes=100000-100001', 'bytes=999999999999-', 'bytes=-0']) {
    it(`answers ${range} of 100,000 bytes with 416, not 404`, async (t) => {
      const { call } = await serve(t);
      await call('POST', samplePath, { body: sample });
      const answer = await call('GET', samplePath, { headers: { range } });
      assert.deepEqual([answer.status, answer.headers['content-range']], [416, 'bytes */100000']);
    });
  }

  it('answers HEAD with the size and no body', async (t) => {
    const { call } = await serve(t);
    await call('POST', samplePath, { body: sample });
    const answer = await call('HEAD', samplePath);
    assert.deepEqual(
      [answer.status, answer.headers['content-length'], answer.body.length],
      [200, '100000', 0],
    );
  });

  it('answers 404 for what is not there', async (t) => {
    const { call } = await serve(t);
    for (const method of ['GET', 'HEAD'])
      assert.equal((await call(method, `/me/data/${noName}`)).status, 404);
  });

  const noAddress = ['/', '//', '/me/data/x', `/me/data/${noName.toUpperCase()}`];
  const tricks = [
    `/me/data/ab/${noName}`,
    '/me/data/../config',
    '/me/%2e%2e/you/config',
    '/me/a/b/config',
    '/me/config/',
  ];
  for (const path of [
    ...noAddress,
    ...tricks,
    '/data/config',
    '/me/../you/config',
    '/me/.uploads/config',
    `/me/data/${noName}/`,
  ]) {
    it(`answers 404 for ${path}`, async (t) => {
      const { call } = await serve(t);
      assert.equal((await call('GET', path)).status, 404);
    });
  }
});

describe('storage handler: writing', () => {
  it('stores an object, takes the same again, and gives it back', async (t) => {
    const { call } = await serve(t);
    for (let i = 0; i < 2; i++) assert.equal((await call('POST', samplePath, { body: sample })).status, 200);
    assert.deepEqual(new Uint8Array((await call('GET', samplePath)).body), sample);
  });

  it('answers 400 when the bytes do not have the name, and stores nothing', async (t) => {
    const store = await openLocalStore(t);
    const { call } = await serve(t, { storeFor: () => store });
    const answer = await call('POST', `/me/data/${noName}`, { body: sample });
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'object_corrupt']);
    assert.equal((await call('HEAD', `/me/data/${noName}`)).status, 404);
    assert.deepEqual(await readdir(join(store.location, '.uploads')), []);
  });

  it('answers 403 when something else is stored under the name, and keeps it', async (t) => {
    const store = await openLocalStore(t);
    const { call } = await serve(t, { storeFor: () => store });
    await call('POST', samplePath, { body: sample });
    for (const body of [sampleBytes(99_999), sampleBytes(100_000, 2)]) {
      const answer = await call('POST', samplePath, { body });
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'object_exists']);
    }
    assert.deepEqual(new Uint8Array((await call('GET', samplePath)).body), sample);
  });

  it('answers after a large body that it did not want, and serves the connection further', async (t) => {
    const { call, port } = await serve(t);
    const body = sampleBytes(5_000_000);
    assert.equal((await call('POST', '/you/config', { body })).status, 403);
    assert.equal((await call('POST', '/me/data/x', { body })).status, 404);
    assert.equal((await call('POST', samplePath, { body: sample })).status, 200);
    assert.ok(port > 0);
  });

  it('answers 400 to a body without a length', async (t) => {
    const { call } = await serve(t);
    const headers = { 'transfer-encoding': 'chunked' };
    assert.equal((await call('POST', samplePath, { headers })).status, 400);
  });

  it('answers 405 to methods that the protocol does not have', async (t) => {
    const { call } = await serve(t);
    for (const [method, path] of [
      ['PUT', samplePath],
      ['POST', '/me/data/'],
      ['PATCH', '/me/config'],
    ] as const) {
      assert.equal((await call(method, path)).status, 405);
    }
  });

  it('answers 507 when the disk is full, after the whole body', async (t) => {
    class FullStore extends MemoryStore {
      override write(): Promise<void> {
        return Promise.reject(new HoldfastError('storage_full', 'no space left in /secret/place'));
      }
    }
    const { call } = await serve(t, { storeFor: () => new FullStore() });
    const answer = await call('POST', samplePath, { body: sample });
    assert.deepEqual([answer.status, codeOf(answer)], [507, 'storage_full']);
    assert.doesNotMatch(answer.body.toString(), /secret/);
  });

  it('tells nothing of what went wrong inside', async (t) => {
    const { call } = await serve(t, { storeFor: failingStore });
    const answer = await call('GET', samplePath);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(answer.body.toString(), /secret|bug/);
  });

  it('keeps nothing of an upload whose peer goes away', async (t) => {
    const store = await openLocalStore(t);
    const ended = Promise.withResolvers<StorageEvent>();
    const { port } = await serve(t, { storeFor: () => store, onEvent: ended.resolve });
    const socket = await beginUpload(port, sample.length, sample.subarray(0, 50_000));
    setTimeout(() => socket.destroy(), 50);
    const event = await ended.promise;
    assert.deepEqual([event.status, event.method], [undefined, 'POST']);
    assert.deepEqual(await readdir(join(store.location, '.uploads')), []);
    assert.deepEqual(await store.list('data'), []);
  });

  it('gives up an upload whose peer went away before its first byte was read', async (t) => {
    const gone = Promise.withResolvers<void>();
    class SlowStore extends MemoryStore {
      override async write(...args: Parameters<MemoryStore['write']>): Promise<void> {
        await gone.promise;
        await super.write(...args);
      }
    }
    const ended = Promise.withResolvers<StorageEvent>();
    const { port } = await serve(t, { storeFor: () => new SlowStore(), onEvent: ended.resolve });
    const socket = await beginUpload(port, sample.length, sample.subarray(0, 50_000));
    setTimeout(() => socket.destroy(), 50);
    setTimeout(gone.resolve, 150);
    assert.equal((await ended.promise).status, undefined);
  });

  it('stores for one peer while many others send nothing', async (t) => {
    const { call, port } = await serve(t);
    const idle = await Promise.all(
      Array.from({ length: 150 }, () => beginUpload(port, sample.length, sample.subarray(0, 1000))),
    );
    assert.equal((await call('POST', samplePath, { body: sample })).status, 200);
    for (const socket of idle) socket.destroy();
  });

  it('gives up a peer that sends nothing more', async (t) => {
    const store = await openLocalStore(t);
    const { port } = await serve(t, { storeFor: () => store, idleMs: 100 });
    const socket = await beginUpload(port, sample.length, sample.subarray(0, 50_000));
    await closed(socket);
    assert.deepEqual(await store.list('data'), []);
  });
});

describe('storage handler: removing', () => {
  it('removes, also what is not there', async (t) => {
    const { call } = await serve(t);
    await call('POST', samplePath, { body: sample });
    for (let i = 0; i < 2; i++) assert.equal((await call('DELETE', samplePath)).status, 200);
    assert.equal((await call('HEAD', samplePath)).status, 404);
  });

  it('is refused in append-only mode, except for locks', async (t) => {
    const { call } = await serve(t, { appendOnly: true });
    for (const type of ['data', 'keys', 'snapshots', 'index'] as const) {
      await call('POST', pathOf(type, sample), { body: sample });
      const answer = await call('DELETE', pathOf(type, sample));
      assert.deepEqual([answer.status, codeOf(answer)], [403, 'append_only']);
      assert.equal((await call('HEAD', pathOf(type, sample))).status, 200);
    }
    assert.equal((await call('DELETE', '/me/config')).status, 403);
    await call('POST', pathOf('locks', sample), { body: sample });
    assert.equal((await call('DELETE', pathOf('locks', sample))).status, 200);
  });
});

describe('storage handler: events', () => {
  it('tells who asked for what, and how many bytes passed', async (t) => {
    const events: StorageEvent[] = [];
    const { call } = await serve(t, { onEvent: (event) => events.push(event) });
    await call('POST', samplePath, { body: sample });
    await call('GET', samplePath, { headers: { range: 'bytes=0-9' } });
    await call('GET', '/me/photos/keys/');
    const namespace = { client: 'me' };
    assert.deepEqual(events, [
      { namespace, method: 'POST', type: 'data', status: 200, receivedBytes: 100_000, sentBytes: 0 },
      { namespace, method: 'GET', type: 'data', status: 206, receivedBytes: 0, sentBytes: 10 },
      {
        namespace: { client: 'me', repository: 'photos' },
        method: 'GET',
        type: 'keys',
        status: 200,
        receivedBytes: 0,
        sentBytes: 2,
      },
    ]);
  });

  it('answers 429 to what a peer sends without end over one connection, and goes on serving', async (t) => {
    let opened = 0;
    const store = new MemoryStore();
    const never = Promise.withResolvers<number>();
    store.stat = () => {
      opened++;
      return never.promise;
    };
    const { port, call } = await serve(t, { storeFor: () => store });
    const flood = connect(port, '127.0.0.1');
    t.after(() => flood.destroy());
    await once(flood, 'connect');
    flood.on('error', () => {});
    flood.write(`GET ${samplePath} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(1000));
    let status = 0;
    while (status !== 429) ({ status } = await call('GET', '/me/locks/'));
    assert.equal(opened, 256);
    flood.destroy();
    never.resolve(0);
    while (status !== 200) ({ status } = await call('GET', '/me/locks/'));
  });

  it('takes a download that its reader cut off for no failure of the server', async (t) => {
    const failures: string[] = [];
    const store = await openLocalStore(t);
    const large = sampleBytes(4_000_000);
    await put(store, 'data', large);
    const over = Promise.withResolvers<StorageEvent>();
    const log = { ...silentLog, error: (message: string) => void failures.push(message) };
    const { port } = await serve(t, { storeFor: () => store, log, onEvent: over.resolve });
    const reader = connect(port, '127.0.0.1');
    reader.write(`GET ${pathOf('data', large)} HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(reader, 'data');
    reader.destroy();
    assert.equal((await over.promise).status, undefined);
    assert.deepEqual(failures, []);
  });
});
