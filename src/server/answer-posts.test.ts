import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Bytes } from '../base/index.ts';
import { answerPosts } from './answer-posts.ts';

/**
 * Gives back what it gets when `ready`, except that it fails for one byte; the HTTP server behind it tells what it gets.
 */
async function serve(t: TestContext, ready: Promise<void> = Promise.resolve()): Promise<Socket> {
  const http = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString('latin1')));
    request.on('end', () => response.end(`http ${request.method} ${request.url} ${body}`));
  });
  const service = {
    path: '/echo',
    type: 'text/x',
    maxBodyBytes: 4,
    responseType: 'text/y',
    answer: async (body: Bytes) => {
      await ready;
      if (body.length > 1) return { der: body };
      throw new Error('secret');
    },
  };
  const server = createServer(answerPosts(service, (socket: Socket) => void http.emit('connection', socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    server.close();
  });
  return socket;
}

function post(body: string, changes: readonly string[] = []): string {
  const head = ['POST /echo HTTP/1.1', 'Host: x', 'content-type: text/x', `content-length: ${body.length}`];
  return `${[...head, ...changes].join('\r\n')}\r\n\r\n${body}`;
}

/** All that comes back until it ends with `end`. */
async function answerTo(socket: Socket, message: string, end: string): Promise<string> {
  socket.write(message, 'latin1');
  let answer = '';
  for (; !answer.endsWith(end); ) {
    const [piece] = (await once(socket, 'data')) as [Buffer];
    answer += piece.toString('latin1');
  }
  return answer;
}

describe('a connection for posted requests', () => {
  it('is answered one request after the other, whatever the bytes', async (t) => {
    const socket = await serve(t);
    for (const body of ['\0\x01\xff', 'abcd', '\0\x01\xff']) {
      const answer = await answerTo(socket, post(body), `\r\n\r\n${body}`);
      const head = `^HTTP/1\\.1 200 OK\r\nContent-Type: text/y\r\nContent-Length: ${body.length}\r\nDate: [^\r]* GMT\r\n\r\n`;
      assert.match(answer, new RegExp(head));
    }
  });

  const others = {
    'a longer body': post('abcde'),
    'another type': post('abcd').replace('text/x', 'text/z'),
    'another path': post('abcd').replace('/echo', '/echo?'),
    'a header that is not usual': post('abcd', ['Range: bytes=0-1']),
    'a header that is there twice': post('abcd', ['Accept: a', 'Accept: b']),
    'a connection that is to end': post('abcd', ['Connection: close']),
    'HTTP/1.0': post('abcd').replace('HTTP/1.1', 'HTTP/1.0'),
    'another method': 'GET /echo HTTP/1.1\r\nHost: x\r\n\r\n',
    'a request that cannot be answered': post('a'),
  };
  for (const [name, message] of Object.entries(others)) {
    it(`goes to the HTTP server with ${name}, also after others`, async (t) => {
      const socket = await serve(t);
      await answerTo(socket, post('good'), 'good');
      const [line = ''] = message.split(' HTTP', 1);
      const body = message.slice(message.indexOf('\r\n\r\n') + 4);
      assert.match(await answerTo(socket, message, `http ${line} ${body}`), /^HTTP\/1\.1 200 OK\r\n/);
    });
  }

  it('stays with the HTTP server from then on', async (t) => {
    const socket = await serve(t);
    await answerTo(socket, post('abcde'), 'http POST /echo abcde');
    await answerTo(socket, post('good'), 'http POST /echo good');
  });

  it('goes to the HTTP server when a request comes in pieces', async (t) => {
    const socket = await serve(t);
    const message = post('good');
    await answerTo(socket, message, 'good');
    socket.write(message.slice(0, -2));
    // Whatever is answered to another connection comes after these pieces were read.
    await answerTo(await serve(t), post('good'), 'good');
    await answerTo(socket, message.slice(-2), 'http POST /echo good');
  });

  it('answers in their order what is sent without waiting', async (t) => {
    const socket = await serve(t);
    const answers = await answerTo(socket, post('1234') + post('abcd'), 'abcd');
    assert.ok(answers.indexOf('1234') > 0 && answers.indexOf('1234') < answers.lastIndexOf('abcd'));
  });

  it('answers first what came first when the next does not wait', async (t) => {
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const socket = await serve(t, ready);
    for (const body of ['1234', 'abcd']) {
      socket.write(post(body));
      // Whatever is answered to another connection comes after this was read.
      await answerTo(await serve(t), post('good'), 'good');
    }
    resolve();
    const answers = await answerTo(socket, '', 'http POST /echo abcd');
    assert.match(answers, /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/y\r\n[^]*1234HTTP\/1\.1 200 OK/);
  });

  it('does not take a header that is none', async (t) => {
    const socket = await serve(t);
    assert.match(await answerTo(socket, post('abcd', ['Accept : a']), '\r\n\r\n'), /^HTTP\/1\.1 400/);
  });

  it('is not listened to while its answers are not read, and goes on when they are', async (t) => {
    const answer = Buffer.alloc(2 ** 20);
    let answered = 0;
    const service = {
      path: '/echo',
      type: 'text/x',
      maxBodyBytes: 4,
      responseType: 'text/y',
      answer: async () => {
        answered += 1;
        return { der: answer };
      },
    };
    const server = createServer(answerPosts(service, () => assert.fail('it was handed over')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepting = once(server, 'connection');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [accepted] = (await accepting) as [Socket];
    // The listener looks after them; the client goes before it has read everything.
    accepted.on('error', () => {});
    t.after(() => {
      socket.destroy();
      server.close();
    });
    for (let sent = 0; !accepted.isPaused(); ) {
      if (answered === sent && sent++ < 100) socket.write(post('abcd'));
      await setTimeout(1);
    }
    assert.ok(answered < 100);
    assert.ok(accepted.writableLength < 2 * answer.length);
    socket.resume();
    while (accepted.isPaused()) await setTimeout(1);
    const before = answered;
    const isAnswered = () => answered > before;
    socket.write(post('abcd'));
    while (!isAnswered()) await setTimeout(1);
  });
});
