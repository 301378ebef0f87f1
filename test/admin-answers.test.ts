import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { Value } from 'typebox/value';
import {
  type AdminClient,
  callOperation,
  connectAdmin,
  localAdmin,
  type OperationName,
  operations,
} from '../src/admin/index.ts';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { HoldfastError, isHoldfastError } from '../src/base/index.ts';
import { doEverything, rootBelowOutside, sampleContext } from './rig/every-operation.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

interface Done {
  readonly name: OperationName;
  /** As the operation gave it in this process, and as it came over HTTP. */
  readonly here: unknown;
  readonly there: unknown;
}

/** An admin API over a socket whose every answer is what `say` gives; its status is good. */
async function serverSaying(
  say: (name: OperationName, input: unknown) => Promise<{ status?: number; body: unknown }>,
): Promise<AsyncDisposable & { readonly admin: AdminClient; readonly where: string }> {
  const place = temporaryDirectory();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = request.url?.split('/').at(-1) as OperationName;
    const { status = 200, body } = await say(name, await json(request));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  const where = join(place.path, 'admin.sock');
  await once(server.listen(where), 'listening');
  const admin = await connectAdmin(where);
  assert.ok(admin);
  return {
    admin,
    where,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      place[Symbol.dispose]();
    },
  };
}

describe('what an operation answers', () => {
  const done: Done[] = [];
  let status: unknown;

  before(async () => {
    await using home = await SampleHome.open({ root: await rootBelowOutside() });
    const context = sampleContext(home);
    let here: unknown;
    await using server = await serverSaying(async (name, input) => {
      here = await callOperation(context, name, input, localAdmin(home.authority.network));
      status ??= here;
      return { body: here };
    });
    const admin: AdminClient = {
      async call(name, input) {
        const there = await server.admin.call(name, input);
        done.push({ name, here, there });
        return there;
      },
    };
    await doEverything(home, admin);
  });

  it('is looked at here for every operation', () => {
    assert.deepEqual(new Set(done.map(({ name }) => name)), new Set(Object.keys(operations)));
  });

  it('is the same in process and over HTTP', () => {
    for (const { name, here, there } of done) {
      assert.deepEqual(withoutUndefined(here), there, name);
      assert.ok(Value.Check(operations[name].answer, here), name);
    }
  });

  it('has a time in one form', () => {
    const isTime = (text: string): boolean =>
      Value.Check(operations['token.create'].answer.properties.expires, text);
    assert.ok(isTime('2026-11-21T08:00:00.000Z'));
    for (const text of [
      '2026-11-21',
      '2026-02-30T08:00:00Z',
      '2026-11-21T23:59:60Z',
      '2026-11-21T08:00:00+01:00',
    ])
      assert.equal(isTime(text), false, text);
  });

  describe('from an impostor', () => {
    let saying: { status?: number; body: unknown };
    let server: Awaited<ReturnType<typeof serverSaying>>;
    before(async () => {
      saying = { body: status };
      server = await serverSaying(async () => saying);
    });
    after(() => server[Symbol.asyncDispose]());

    for (const name of Object.keys(operations) as OperationName[]) {
      it(`is refused when it is not what ${name} gives`, async () => {
        for (const { there } of done.filter((each) => each.name === name))
          for (const [what, body] of wrongAnswers(name, there)) {
            saying = { body };
            const error = await failureOf(server.admin.call(name, {}));
            assert.equal(error.code, 'answer_malformed', `${name}: ${what}`);
            assert.ok(error.message.startsWith(`${server.where}: of what it answers to ${name}, `));
            assert.match(error.hint ?? '', /another version/);
          }
      });
    }

    it('may have fields that nobody knows yet', async () => {
      for (const { name, there } of done) {
        saying = { body: withMore(there) };
        assert.deepEqual(await server.admin.call(name, {}), saying.body, name);
      }
    });

    it('with a code that nobody knows is a refusal in its words', async () => {
      saying = { status: 403, body: { code: 'moon_too_low', message: 'wait for the tide', hint: 'later' } };
      const error = await failureOf(server.admin.call('ca.show', {}));
      assert.deepEqual(
        [error.code, error.message, error.hint],
        ['refused_by_peer', 'wait for the tide', 'later'],
      );
    });

    it('with a refusal that is none is a refusal', async () => {
      for (const body of [null, [], 'x', { code: 7, message: {}, hint: [] }, { code: '__proto__' }]) {
        saying = { status: 403, body };
        const error = await failureOf(server.admin.call('ca.show', {}));
        assert.deepEqual([error.code, error.message], ['refused_by_peer', 'the server answered 403']);
      }
    });
  });
});

async function failureOf(work: Promise<unknown>): Promise<HoldfastError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isHoldfastError(error), String(error));
  return error;
}

/** A good answer with each of its fields left out, or of another kind, in turn. */
function* wrongAnswers(name: OperationName, good: unknown): Generator<[what: string, body: unknown]> {
  for (const body of [null, 'text', 7, true, Array.isArray(good) ? {} : []])
    yield [JSON.stringify(body), body];
  if (!Array.isArray(good)) yield ['{}', {}];
  const { required = [] } = operations[name].answer as { required?: readonly string[] };
  for (const key of required) yield [`without ${key}`, changedAt(good, [key], undefined)];
  for (const path of pathsIn(good)) {
    yield [`${path.join('.')} is an object of nothing known`, changedAt(good, path, { x: { y: [1] } })];
    yield [`${path.join('.')} is a number that is none`, changedAt(good, path, 1.5)];
  }
}

/** Where an answer has values: names and places, from the outside in. What has names of its own choice is not gone into. */
function* pathsIn(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value).slice(0, Array.isArray(value) ? 2 : 50)) {
    if (['policy', 'details', 'nodes'].includes(key)) continue;
    yield [...path, key];
    yield* pathsIn(inner, [...path, key]);
  }
}

function changedAt(value: unknown, [key = '', ...rest]: readonly string[], to: unknown): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = rest.length === 0 ? to : changedAt(copy[key], rest, to);
  return copy;
}

function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) =>
    ['nodes'].includes(key) ? [key, inner] : [key, withMore(inner)],
  );
  return { ...Object.fromEntries(entries), addedLater: { at: 1.5 } };
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === undefined ? [] : [[key, withoutUndefined(inner)]],
    ),
  );
}
