import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Something on this machine that says what it likes to whoever connects, from the first bytes on that come. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
}

/** Answers each connection with a text, or as a function does; on a port of its own, or the socket at `path`. */
export async function rawServer(
  answer: string | ((socket: Socket) => void),
  path?: string,
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.once('data', () => (typeof answer === 'string' ? void socket.end(answer) : answer(socket)));
    socket.resume();
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return {
    port: typeof address === 'string' ? 0 : address.port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Says `text` for ever, as fast as it is taken. */
export function forEver(text: string, first = ''): (socket: Socket) => void {
  return (socket) => {
    socket.write(first);
    const more = (): void => {
      while (!socket.destroyed && socket.write(text.repeat(200)));
    };
    socket.on('drain', more);
    more();
  };
}

/** Answers of HTTP that are none, by what is wrong with them. */
export const malformedAnswers: Readonly<Record<string, string>> = {
  'another protocol': '220 mail.test ESMTP\r\n',
  'no version': 'HTTP/x 200 OK\r\n\r\n',
  'a status that is none': 'HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n',
  'a header without a colon': 'HTTP/1.1 200 OK\r\nbroken\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
  'a length that is no number': 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n',
  'length and chunks':
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
  'a chunk that is none': 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nx\r\n',
  'headers without end': `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
  'an upgrade that nobody asked for': 'HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nzzzz',
  'half an answer': 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nxx',
  'nothing at all': '',
  'a page': 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>',
  'a redirection': 'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
  'a part that nobody asked for':
    'HTTP/1.1 206 Partial\r\ncontent-range: bytes 5-6/7\r\ncontent-length: 2\r\n\r\nxx',
};
