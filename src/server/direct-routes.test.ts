import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type Bytes, silentLog } from '../base/index.ts';
import { createDirectRoutes } from './direct-routes.ts';

/** Gives back what it gets, except that it fails for one byte; what is not answered directly gets 404. */
async function serve(t: TestContext): Promise<Socket> {
  const answersDirectly = createDirectRoutes(
    [
      {
        method: 'POST',
        path: '/echo',
        requestType: 'text/x',
        maxRequestBytes: 4,
        responseType: 'text/y',
        answer: (body: Bytes) =>
          body.length > 1 ? Promise.resolve(body) : Promise.reject(new Error('secret')),
      },
    ],
    silentLog,
  );
  const server = createServer((request, response) => {
    if (!answersDirectly(request, response)) response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    server.close();
  });
  return socket;
}

/** The answer to a request, which comes in one piece. */
async function answerTo(socket: Socket, body: string, type = 'text/x'): Promise<string> {
  const head = `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head);
  socket.write(body);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString('latin1');
}

describe('a route that is answered without the framework', () => {
  it('answers one request after the other on a connection, whatever the bytes', async (t) => {
    const socket = await serve(t);
    for (const body of ['\0\x01\x7f', 'abcd']) {
      const answer = await answerTo(socket, body);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/y\r\n/);
      assert.ok(answer.endsWith(`\r\n\r\n${body}`));
    }
  });

  it('leaves what is too long or of another type to the framework', async (t) => {
    assert.match(await answerTo(await serve(t), 'abcde'), /^HTTP\/1\.1 404/);
    assert.match(await answerTo(await serve(t), 'abcd', 'text/z'), /^HTTP\/1\.1 404/);
  });

  it('says nothing of a failure but that there was one', async (t) => {
    const answer = await answerTo(await serve(t), 'a');
    assert.match(answer, /^HTTP\/1\.1 500/);
    assert.doesNotMatch(answer, /secret/);
  });
});
