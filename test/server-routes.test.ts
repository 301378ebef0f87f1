import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { operations } from '../src/admin/index.ts';
import { SampleHome } from '../src/authority/authority.fixture.ts';
import { HoldfastError, silentLog, systemClock } from '../src/base/index.ts';
import { DownloadLimit } from '../src/server/download-limit.ts';
import { EnrolLimit } from '../src/server/enrol-limit.ts';
import { openApiDocument } from '../src/server/openapi.ts';
import { findRoute, matchPath, routes } from '../src/server/routes.ts';
import { createApplication } from '../src/server/service.ts';
import { TicketGate } from '../src/server/ticket-gate.ts';
import { sampleContext } from './rig/every-operation.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sends the length as it is known, or in chunks. */
  readonly chunked?: boolean;
}

describe('a route', () => {
  const server = createServer();
  const noted: unknown[] = [];
  let home: SampleHome;
  let port = 0;

  before(async () => {
    home = await SampleHome.open();
    await home.authority.revocation.currentCrl();
    const application = createApplication({
      authority: home.authority,
      admin: sampleContext(home),
      servers: () => [],
      tickets: new TicketGate({
        node: 'test',
        port: () => undefined,
        where: () => undefined,
        clock: systemClock,
      }),
      reports: { take: async () => {} },
      trash: { snapshotsOf: async () => ({ version: 1, count: 0 }) },
      enrolLimit: new EnrolLimit(home.clock),
      downloads: new DownloadLimit(),
      orders: { ordersOf: async () => undefined },
      views: { viewFor: async () => undefined, changed() {} },
      noteRefusal: (_socket, error) => noted.push(error),
      metrics: { text: async () => '' },
      log: silentLog,
    });
    server.on('request', (incoming, response) => {
      const found = findRoute(incoming.method ?? '', incoming.url?.split('?', 1)[0] ?? '');
      if (found === undefined) response.writeHead(404).end();
      else application({ ...found, request: incoming, response, peer: undefined });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await home[Symbol.asyncDispose]();
  });

  async function ask(path: string, { method = 'GET', headers, body, chunked }: Asked = {}): Promise<Answer> {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({ port, path, method, headers: { ...headers, ...length }, agent: false });
    if (chunked) outgoing.flushHeaders();
    outgoing.end(body);
    const [answer] = await once(outgoing, 'response');
    return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
  }

  const json = { 'content-type': 'application/json' };
  const join = (asked: Asked): Promise<Answer> => ask('/-/enrol/join', { method: 'POST', ...asked });

  it('answers JSON with its length', async () => {
    const { status, headers, body } = await ask('/-/health');
    assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok', network: 'backup.example' }]);
    assert.equal(headers['content-length'], String(body.length));
    assert.match(headers['content-type'] ?? '', /^application\/json/);
  });

  it('answers HEAD as GET without the body, and where it is asked for alone', async () => {
    const got = await ask('/-/status/issuing-1.crl');
    const head = await ask('/-/status/issuing-1.crl', { method: 'HEAD' });
    assert.deepEqual([head.status, head.body], [200, '']);
    assert.equal(head.headers['content-length'], got.headers['content-length']);
    assert.equal((await ask('/-/health', { method: 'HEAD' })).status, 404);
  });

  it('answers 304 without a body to whoever has it', async () => {
    const { etag = '' } = (await ask('/-/status/issuing-1.crl')).headers;
    const headers = { 'if-none-match': etag };
    const { status, body } = await ask('/-/status/issuing-1.crl', { headers });
    assert.deepEqual([status, body], [304, '']);
  });

  it('says why, in JSON and by the status of the code', async () => {
    const { status, body } = await ask('/-/status/issuing-9.crl');
    assert.deepEqual([status, JSON.parse(body).code], [404, 'object_not_found']);
    const last = noted.at(-1);
    assert.ok(last instanceof HoldfastError && last.code === 'object_not_found');
  });

  it('takes a body of its type and size, and no other', async () => {
    const large = 'x'.repeat(65 * 1024);
    const refused: Asked[] = [
      { headers: json, body: '' },
      { headers: json, body: '{"a":' },
      { headers: { 'content-type': 'text/plain' }, body: '{}' },
      { body: '{}' },
      { headers: json, body: large },
      { headers: json, body: large, chunked: true },
    ];
    for (const asked of refused) {
      const { status, body } = await join(asked);
      assert.deepEqual(
        [status, JSON.parse(body).code],
        [400, 'input_invalid'],
        JSON.stringify(asked).slice(0, 80),
      );
    }
    // It was read, and it is refused for what it says.
    const { body } = await join({
      headers: { 'content-type': 'Application/JSON; charset=utf-8' },
      body: '{}',
    });
    assert.equal(JSON.parse(body).code, 'join_code_unknown');
  });

  it('ends the connection of what it did not read to its end', async () => {
    const { headers } = await join({ headers: json, body: 'x'.repeat(65 * 1024) });
    assert.equal(headers['connection'], 'close');
  });

  it('outlives a body that breaks off', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'POST /-/enrol/join HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await once(socket, 'connect');
    const count = noted.length;
    socket.destroy();
    while (noted.length === count) await new Promise(setImmediate);
    assert.ok(noted.at(-1) instanceof HoldfastError);
    assert.equal((await ask('/-/health')).status, 200);
  });

  it('refuses what a page of another site sends, as a page where it is one', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' };
    const {
      status,
      headers: said,
      body,
    } = await ask('/-/certsrv/submit', { method: 'POST', headers, body: 'a=b' });
    assert.equal(status, 403);
    assert.match(said['content-type'] ?? '', /^text\/html/);
    assert.match(String(said['content-security-policy']), /default-src 'none'/);
    assert.match(body, /refused_by_peer/);
  });

  it('refuses a query that says something twice', async () => {
    const path = '/-/enrol/requests?name=a&name=b';
    const headers = { 'content-type': 'application/pkcs10' };
    const { status, body } = await ask(path, { method: 'POST', headers, body: 'x' });
    assert.deepEqual([status, JSON.parse(body).code], [400, 'input_invalid']);
  });
});

describe('a path', () => {
  it('is matched segment by segment, and its words are decoded', () => {
    assert.deepEqual(matchPath('/-/status/:label.cer', '/-/status/issuing-1.cer'), { label: 'issuing-1' });
    assert.deepEqual(matchPath('/-/requests/:handle', '/-/requests/a%2Fb'), { handle: 'a/b' });
    assert.deepEqual(matchPath('/-/ocsp/*', '/-/ocsp/a/b'), {});
  });

  it('is another one when anything is', () => {
    const pattern = '/-/status/:label.cer';
    const others = ['.cer', 'a.crl', 'a.cer/', 'a/b.cer', '%zz.cer', `${'a'.repeat(101)}.cer`, '%00.cer/..'];
    for (const other of others) assert.equal(matchPath(pattern, `/-/status/${other}`), undefined, other);
    assert.equal(matchPath('/-/health', '/-/health/'), undefined);
  });

  it('belongs to one route', () => {
    const keys = routes.map(({ method, path }) => `${method} ${path}`);
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe('the OpenAPI document', () => {
  it('has every route and every operation, and is JSON', () => {
    const { paths } = JSON.parse(JSON.stringify(openApiDocument(routes)));
    for (const name of Object.keys(operations)) assert.ok(paths[`/-/admin/${name}`].post.requestBody, name);
    for (const { path, method } of routes.filter(({ path }) => !path.includes('admin')))
      assert.ok(paths[path.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{rest}')][method.toLowerCase()], path);
  });
});
