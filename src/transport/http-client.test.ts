import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { rawServer } from '../../test/rig/raw-server.ts';
import { isHoldfastError } from '../base/index.ts';
import { answerOf } from './http-client.ts';

const pace = { idleMs: 100, leastBytes: 1000 };
const start = 'HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n';

/** Says `text` again and again. */
function dripping(first: string, text: string): (socket: Socket) => void {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(text), 10);
    socket.once('close', () => clearInterval(timer));
  };
}

/** How long the body of an answer is. */
async function received(port: number): Promise<number> {
  const client = request({ port, host: '127.0.0.1', agent: false });
  const answer = answerOf(client, 'server', pace);
  client.end();
  let length = 0;
  for await (const chunk of await answer) length += (chunk as Buffer).length;
  return length;
}

describe('an answer', () => {
  const slow = {
    'that does not come': () => {},
    'whose headers come byte by byte': dripping('HTTP/1.1 200 OK\r\nx: ', 'y'),
    'whose body comes byte by byte': dripping(start, 'y'),
    'that stops in the middle': (socket: Socket) => void socket.write(`${start}half`),
  };
  for (const [what, answer] of Object.entries(slow)) {
    it(`${what} is ended`, async () => {
      await using server = await rawServer(answer);
      await assert.rejects(received(server.port), (error) => {
        assert.ok(isHoldfastError(error, 'connection_stalled'), String(error));
        assert.match(error.message, /^server sent (nothing for|less than 1000 bytes in) 0\.1 s$/);
        return true;
      });
    });
  }

  it('that takes long and comes on is waited for', async () => {
    await using server = await rawServer(dripping(start, 'y'.repeat(2000)));
    assert.equal(await received(server.port), 100_000);
  });

  it('with answers before it and no end of them is none', async () => {
    await using server = await rawServer(dripping('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10)));
    await assert.rejects(received(server.port), (error) => isHoldfastError(error, 'answer_malformed'));
  });
});
