import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionHandler } from './listen.ts';

/**
 * Hands connections to an HTTP server that does not listen itself; the result is the `onConnection` of a listener.
 *
 * Node starts to enforce `headersTimeout` and `requestTimeout` only when its server listens. It is told so here, since
 * without them a peer that sends its request slowly holds a connection for ever. Once idle connections were ended, each that
 * is not takes the answer that it waits for and ends with it.
 */
export function serveHttp(server: Server): ConnectionHandler {
  server.emit('listening');
  let isEnding = false;
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (isEnding) response.setHeader('connection', 'close');
  });
  const handle = (socket: Socket): void => {
    server.emit('connection', socket);
  };
  const endIdle = (): void => {
    isEnding = true;
    server.closeIdleConnections();
  };
  return Object.assign(handle, { endIdle });
}
