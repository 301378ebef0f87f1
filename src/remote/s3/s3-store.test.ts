import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ErrorCode, systemClock } from '../../base/index.ts';
import type { ObjectStore } from '../../storage/index.ts';
import { refOf, rejectsWith, sampleBytes } from '../../storage/object-store.contract.ts';
import { type BackOff, Line } from '../../transport/index.ts';
import { openObjectPlace, parseObjectPlace } from '../object-place.ts';

/** Answers a request, or leaves it to what every bucket answers. */
type Respond = (request: IncomingMessage, response: ServerResponse) => boolean;

const config = { type: 'config' } as const;
const threeTimes: BackOff = ({ count }) => (count < 3 ? 0 : undefined);
const emptyListing = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';

/** A store at a server that answers as a test wants; what is left to it, it answers as an empty bucket that keeps the first of two objects. */
async function against(t: TestContext, respond: Respond): Promise<{ store: ObjectStore; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      asked.push(`${request.method} ${request.url}`);
      if (respond(request, response)) return;
      if (request.url?.endsWith('.holdfast-probe')) response.writeHead(412).end();
      else response.writeHead(request.method === 'HEAD' ? 404 : 200).end(emptyListing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const text = `s3:http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/pre fix`;
  const place = parseObjectPlace(text) ?? assert.fail();
  const environment = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  const line = new Line({ backOff: threeTimes });
  const opened = await openObjectPlace(place, { environment, clock: systemClock, line });
  t.after(() => {
    opened[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  return { store: opened.store, asked };
}

function answer(response: ServerResponse, status: number, code: string, more = ''): true {
  response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code>${more}</Error>`);
  return true;
}

describe('a store at S3', () => {
  it('lists in pages, packs by folders where there is more than one, and passes over what is no object', async (t) => {
    const names = ['a1', 'a2', 'b0', 'ff'].map((digits) => digits + digits.repeat(31));
    const keyOf = (type: string, name: string): string =>
      type === 'data' ? `data/${name.slice(0, 2)}/${name}` : `${type}/${name}`;
    const entry = (key: string): string => `<Contents><Key>pre fix/${key}</Key><Size>5</Size></Contents>`;
    const { store, asked } = await against(t, ({ url = '', method }, response) => {
      const query = new URL(url, 'http://host').searchParams;
      const [, prefix = '', type = ''] = /^pre fix\/((\w+)\/.*)$/.exec(query.get('prefix') ?? '') ?? [];
      if (method !== 'GET' || type === '') return false;
      const keys = names.map((name) => keyOf(type, name)).filter((key) => key.startsWith(prefix));
      const at = Number(query.get('continuation-token')?.replace('a&b=', '') ?? 0);
      const more = at < keys.length - 1;
      response.end(
        `<ListBucketResult xmlns="x"><IsTruncated>${more}</IsTruncated>` +
          (more ? `<NextContinuationToken>a&amp;b=${at + 1}</NextContinuationToken>` : '') +
          `${entry(keys[at] ?? 'x')}${entry(`${type}/x/${names[0]}`)}${entry(`${prefix}x`)}</ListBucketResult>`,
      );
      return true;
    });
    for (const [type, requests] of [
      ['index', 4],
      ['data', 257],
    ] as const) {
      const before = asked.length;
      const listed = (await store.list(type)).map(({ name, size }) => [name, size]);
      assert.deepEqual(
        listed,
        names.map((name) => [name, 5]),
      );
      assert.equal(asked.filter((line) => line.includes(`%2F${type}%2F`)).length, requests);
      assert.ok(asked.length - before <= requests + 1);
    }
  });

  it('removes the parts of what was killed a day ago, and of nothing else', async (t) => {
    const begun = (key: string, hours: number): string => {
      const initiated = new Date(Date.now() - hours * 3_600_000).toISOString();
      return `<Upload><Key>${key}</Key><UploadId>of ${key}</UploadId><Initiated>${initiated}</Initiated></Upload>`;
    };
    const { store, asked } = await against(t, ({ method, url = '' }, response) => {
      const query = new URL(url, 'http://host').searchParams;
      if (method === 'POST') return answer(response, 403, 'AccessDenied');
      if (method !== 'GET' || query.get('uploads') === null) return false;
      assert.equal(query.get('prefix'), 'pre fix/');
      response.end(`<X>${begun('pre fix/data/aa/old', 25)}${begun('pre fix/data/aa/new', 23)}</X>`);
      return true;
    });
    const size = 65 * 1024 ** 2;
    const body = [new Uint8Array(size)];
    await rejectsWith(
      store.write(refOf('data', body[0] ?? new Uint8Array()), body, { size }),
      'place_forbidden',
    );
    assert.deepEqual(
      asked.filter((line) => line.startsWith('DELETE')),
      ['DELETE /bucket/pre%20fix/data/aa/old?uploadId=of%20pre%20fix%2Fdata%2Faa%2Fold'],
    );
  });

  it('tries again what fails in passing, and nothing else', async (t) => {
    const bytes = sampleBytes(1000);
    const ref = refOf('data', bytes);
    const failures = [
      (response: ServerResponse) => answer(response, 503, 'SlowDown'),
      (response: ServerResponse) => answer(response, 400, 'XAmzContentSHA256Mismatch'),
    ];
    const { store, asked } = await against(t, ({ method, url = '' }, response) =>
      method === 'PUT' && url.includes('/data/') ? (failures.shift()?.(response) ?? false) : false,
    );
    await store.write(ref, [bytes], { size: 1000 });
    assert.equal(asked.filter((line) => line.startsWith('PUT') && line.includes('/data/')).length, 3);
    failures.push((response) => answer(response, 403, 'AccessDenied'));
    await rejectsWith(store.write(ref, [bytes], { size: 1000 }), 'place_forbidden');
    assert.equal(asked.filter((line) => line.startsWith('PUT') && line.includes('/data/')).length, 4);
  });

  it('has 32 requests under way at once', async (t) => {
    const waiting: ServerResponse[] = [];
    const { store } = await against(t, ({ method, url = '' }, response) => {
      if (method !== 'HEAD' || !url.includes('/data/')) return false;
      waiting.push(response);
      if (waiting.length === 32)
        for (const one of waiting) one.writeHead(200, { 'content-length': '7' }).end();
      return true;
    });
    const refs = Array.from({ length: 32 }, (_, i) => refOf('data', sampleBytes(10, i)));
    assert.deepEqual(new Set(await Promise.all(refs.map((ref) => store.stat(ref)))), new Set([7]));
  });

  it('says what a refusal means, and where else a bucket is', async (t) => {
    const cases: [status: number, code: string, more: string, expected: ErrorCode, said: RegExp][] = [
      [404, 'NoSuchBucket', '', 'bucket_missing', /has no bucket bucket/],
      [403, 'AccessDenied', '', 'place_forbidden', /the key of the environment may not/],
      [403, 'InvalidAccessKeyId', '', 'credentials_refused', /does not know the access key/],
      [400, 'ExpiredToken', '', 'credentials_refused', /is over/],
      [403, 'RequestTimeTooSkewed', '', 'clock_differs', /it is .*Z here, and .*Z at 127/],
      [
        400,
        'AuthorizationHeaderMalformed',
        '<Region>eu-west-3</Region>',
        'region_wrong',
        /AWS_REGION=eu-west-3/,
      ],
      [
        301,
        'PermanentRedirect',
        '<Endpoint>b.s3.example.com</Endpoint>',
        'region_wrong',
        /s3:https:\/\/b\.s3\.example\.com\/bucket/,
      ],
      [400, '<script>', '', 'storage_failed', /answered 400(?! <)/],
      [507, 'XMinioStorageFull', '', 'storage_full', /no room/],
    ];
    for (const [status, code, more, expected, said] of cases) {
      const { store } = await against(t, (_, response) => answer(response, status, code, more));
      await assert.rejects(
        store.stat(config),
        (error: { code?: ErrorCode; message: string; hint?: string }) => {
          assert.equal(error.code, expected, code);
          assert.match(`${error.message} ${error.hint}`, said);
          return true;
        },
      );
    }
  });
});
