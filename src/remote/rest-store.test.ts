import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { type Bytes, isHoldfastError } from '../base/index.ts';
import { parseObjectName } from '../storage/index.ts';
import { refOf, rejectsWith, sampleBytes } from '../storage/object-store.contract.ts';
import { type BackOff, Line } from '../transport/index.ts';
import { RestStore } from './rest-store.ts';

type Respond = (request: IncomingMessage, response: ServerResponse, count: number) => void;

const sample = sampleBytes(100_000);
const ref = refOf('data', sample);
const name = 'ab'.repeat(32);

/** At once, and three times in all. */
const threeTimes: BackOff = ({ count }) => (count < 3 ? 0 : undefined);

/** A store on a server that answers as a test wants; the requests so far are counted, the first is 1. */
async function against(
  t: TestContext,
  respond: Respond,
): Promise<{ store: RestStore; requests: () => number }> {
  let count = 0;
  const server = createServer((request, response) => respond(request, response, ++count));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/me`;
  return {
    store: new RestStore({ url, agent, line: new Line({ backOff: threeTimes }) }),
    requests: () => count,
  };
}

/** Answers once the whole request has arrived. */
function answering(status: number, body = '', headers: Record<string, string> = {}): Respond {
  return (request, response) => {
    request.resume().once('end', () => response.writeHead(status, headers).end(body));
  };
}

function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  cutAfter = Number.POSITIVE_INFINITY,
): void {
  const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const part = sample.subarray(start);
  const range = { 'content-range': `bytes ${start}-${sample.length - 1}/${sample.length}` };
  const headers = {
    'content-length': String(part.length),
    ...(request.headers.range === undefined ? {} : range),
  };
  response.writeHead(request.headers.range === undefined ? 200 : 206, headers);
  if (cutAfter >= part.length) response.end(part);
  else response.write(part.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 20));
}

async function* generated(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}

describe('RestStore tries again', () => {
  it('when the server fails and then does not', async (t) => {
    const { store, requests } = await against(t, (request, response, count) => {
      answering(count < 3 ? 503 : 200)(request, response, count);
    });
    await store.write(ref, [sample], { size: sample.length });
    assert.equal(requests(), 3);
  });

  it('when the connection is lost, and sends the body again from its beginning', async (t) => {
    const bodies: number[] = [];
    const { store } = await against(t, (request, response, count) => {
      if (count === 1) request.once('data', () => request.destroy());
      else {
        void buffer(request).then((body) => {
          bodies.push(body.length);
          response.end();
        });
      }
    });
    await store.write(ref, [sample], { size: sample.length });
    assert.deepEqual(bodies, [sample.length]);
  });

  it('but gives up at last and says what was wrong', async (t) => {
    const failing = await against(t, answering(500));
    await rejectsWith(failing.store.stat(ref), 'server_unavailable');
    const closing = await against(t, (request) => request.destroy());
    await rejectsWith(closing.store.read(ref), 'connection_reset');
    assert.deepEqual([failing.requests(), closing.requests()], [3, 3]);
  });

  it('after what was asked too often, and says that it was', async (t) => {
    const limited = await against(t, answering(429));
    await rejectsWith(limited.store.stat(ref), 'rate_limited');
    assert.equal(limited.requests(), 3);
  });

  it('but not with a body that can be taken only once', async (t) => {
    const { store, requests } = await against(t, answering(503));
    await rejectsWith(store.write(ref, generated(sample), { size: sample.length }), 'server_unavailable');
    assert.equal(requests(), 1);
  });

  it('when an answer is cut off, and gives all of the bytes', async (t) => {
    const { store } = await against(t, (request, response, count) => {
      sendRange(request, response, count === 1 ? 30_000 : undefined);
    });
    assert.deepEqual(new Uint8Array(await store.read(ref)), sample);
  });

  it('from where a stream was cut off', async (t) => {
    const asked: (string | undefined)[] = [];
    const { store } = await against(t, (request, response, count) => {
      asked.push(request.headers.range);
      sendRange(request, response, count === 1 ? 30_000 : undefined);
    });
    assert.deepEqual(new Uint8Array(await buffer(await store.stream(ref))), sample);
    assert.deepEqual(asked, [undefined, 'bytes=30000-']);
  });

  it('until it is aborted', async (t) => {
    const { store } = await against(t, answering(503));
    const waiting = new RestStore({
      url: store.location,
      agent: new Agent(),
      line: new Line({ backOff: () => 60_000 }),
    });
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 20);
    await assert.rejects(waiting.stat(ref, { signal: abort.signal }), reason);
  });
});

describe('RestStore does not try again', () => {
  const refusals = [
    [401, 'namespace_forbidden'],
    [403, 'namespace_forbidden'],
    [404, 'object_not_found'],
    [416, 'range_not_satisfiable'],
    [507, 'storage_full'],
    [418, 'refused_by_peer'],
    [302, 'refused_by_peer'],
  ] as const;
  for (const [status, code] of refusals) {
    it(`when the answer is ${status}, which is ${code}`, async (t) => {
      const { store, requests } = await against(t, answering(status));
      await rejectsWith(store.read(ref), code);
      assert.equal(requests(), 1);
    });
  }

  it('when nobody listens for longer than it waits', async () => {
    const store = new RestStore({
      url: 'http://127.0.0.1:1/me/',
      agent: new Agent(),
      line: new Line({ backOff: threeTimes }),
    });
    await rejectsWith(store.stat(ref), 'connection_refused');
  });
});

describe('RestStore believes of an error', () => {
  const told = (status: number, code: unknown): Respond =>
    answering(status, JSON.stringify({ code, message: 'x' }));

  for (const code of ['certificate_revoked', 'certificate_expired', 'append_only'] as const) {
    it(`the code ${code} of our own servers`, async (t) => {
      const { store } = await against(t, told(403, code));
      await rejectsWith(store.remove(ref), code);
    });
  }

  const unbelieved = [
    [404, 'certificate_revoked', 'object_not_found'],
    [403, 'keystore_damaged', 'namespace_forbidden'],
    [403, { code: 1 }, 'namespace_forbidden'],
    [403, null, 'namespace_forbidden'],
  ] as const;
  for (const [status, code, expected] of unbelieved) {
    it(`not the code ${JSON.stringify(code)} with status ${status}`, async (t) => {
      const { store } = await against(t, told(status, code));
      await rejectsWith(store.read(ref), expected);
    });
  }

  for (const body of ['', 'null', '<html>', '{"code":', 'x'.repeat(1_000_000)]) {
    it(`nothing of a body like ${JSON.stringify(body.slice(0, 10))} of ${body.length} bytes`, async (t) => {
      const { store } = await against(t, answering(403, body));
      await assert.rejects(store.read(ref), (error) => {
        assert.ok(isHoldfastError(error, 'namespace_forbidden'));
        assert.doesNotMatch(error.message, /html|xxx/);
        return true;
      });
    });
  }
});

describe('RestStore checks that an answer', () => {
  const answers: Record<string, Respond> = {
    'has a length': (_request, response) => response.end(sample),
    'to a range is that range': answering(206, 'xx', {
      'content-range': 'bytes 6-7/100000',
      'content-length': '2',
    }),
    'to a range is no whole object': answering(200, 'xx', { 'content-length': '2' }),
    'has the length of its range': answering(206, 'x', {
      'content-range': 'bytes 5-6/100000',
      'content-length': '1',
    }),
  };
  for (const [promise, respond] of Object.entries(answers)) {
    it(promise, async (t) => {
      const { store } = await against(t, respond);
      await rejectsWith(store.read(ref, { range: { offset: 5, length: 2 } }), 'storage_failed');
    });
  }

  it('to a range past the end is no success', async (t) => {
    const headers = { 'content-range': 'bytes 5-5/6', 'content-length': '1' };
    const { store } = await against(t, answering(206, 'x', headers));
    await rejectsWith(store.read(ref, { range: { offset: 5, length: 2 } }), 'range_not_satisfiable');
  });

  const huge = String(2 * 1024 ** 3);
  it('is not too large to be held', async (t) => {
    const { store } = await against(t, (_request, response) =>
      response.writeHead(200, { 'content-length': huge }).write('x'),
    );
    await rejectsWith(store.read(ref), 'storage_failed');
  });
});

describe('RestStore lists', () => {
  const typeV2 = { 'content-type': 'application/vnd.x.restic.rest.v2' };

  it('names and sizes, without names that are none', async (t) => {
    const body = JSON.stringify([
      { name, size: 5 },
      { name: 'tmp-1', size: 1 },
    ]);
    const { store } = await against(t, answering(200, body, typeV2));
    assert.deepEqual(await store.list('keys'), [{ name, size: 5 }]);
  });

  it('with a size for each name when the server knows version 1 alone', async (t) => {
    const { store } = await against(t, (request, response) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': '7' }).end();
      else response.end(JSON.stringify([name, 'x']));
    });
    assert.deepEqual(await store.list('keys'), [{ name, size: 7 }]);
  });

  it('nothing where there is no repository', async (t) => {
    const { store } = await against(t, answering(404));
    assert.deepEqual(await store.list('keys'), []);
  });

  for (const body of [
    '',
    '{}',
    'null',
    '[1]',
    `[{"name":"${name}"}]`,
    `[{"name":"${name}","size":-1}]`,
    '[null]',
  ]) {
    it(`and refuses ${body} as a listing`, async (t) => {
      const { store } = await against(t, answering(200, body, typeV2));
      await rejectsWith(store.list('keys'), 'answer_malformed');
    });
  }
});

describe('RestStore with a server that refuses every name it has', () => {
  const refusing =
    (size: number): Respond =>
    (request, response, count) => {
      if (request.method === 'HEAD') response.writeHead(200, { 'content-length': String(size) }).end();
      else answering(403, 'Forbidden')(request, response, count);
    };

  it('takes an object of the same size as stored', async (t) => {
    const { store } = await against(t, refusing(sample.length));
    await store.write(ref, [sample], { size: sample.length });
  });

  it('does not take one of another size as stored, nor a config', async (t) => {
    const { store } = await against(t, refusing(sample.length - 1));
    await rejectsWith(store.write(ref, [sample], { size: sample.length }), 'object_exists');
    await rejectsWith(
      store.write({ type: 'config' }, [sample.subarray(1)], { size: 99_999 }),
      'object_exists',
    );
  });

  it('says append_only when removing is refused', async (t) => {
    const { store } = await against(t, refusing(1));
    await rejectsWith(store.remove(parseObjectName('snapshots', name)), 'append_only');
  });
});

describe('RestStore ends a request', () => {
  it('at once when it is aborted, also while the server says nothing', async (t) => {
    const { store } = await against(t, () => {});
    const abort = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => abort.abort(reason), 20);
    const { signal } = abort;
    await assert.rejects(store.write(ref, [sample], { size: sample.length, signal }), reason);
    await assert.rejects(store.list('data', { signal }), reason);
  });

  it('when the answer comes before all of the body was sent', async (t) => {
    const large = sampleBytes(20_000_000);
    const { store } = await against(t, (_request, response) => response.writeHead(507).end());
    await rejectsWith(store.write(refOf('data', large), [large], { size: large.length }), 'storage_full');
  });
});
