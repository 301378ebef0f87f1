import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { closed } from '../../test/rig/closed.ts';
import { limitBodyTime } from './read-request.ts';

/** A server that answers when it has read the body, for which there are 50 ms. */
async function serve(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    limitBodyTime(request, response, 50);
    request.resume().on('end', () => response.end('read'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('the time for a body', () => {
  it('ends with the connection of a peer that sends it byte by byte', async (t) => {
    const socket = connect(await serve(t), '127.0.0.1');
    const ended = closed(socket);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 10);
    t.after(() => clearInterval(drip));
    await ended;
  });

  it('does not count for a body that is here', async (t) => {
    const socket = connect(await serve(t), '127.0.0.1');
    t.after(() => socket.destroy());
    for (const _ of [1, 2]) {
      socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1\.1 200/);
    }
  });
});
