import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionHandler } from './listen.ts';

/**
 * Hands connections to an HTTP server that does not listen itself; the result is the `onConnection` of a listener.
 *
 * Node starts to enforce `headersTimeout` and `requestTimeout` only when its server listens. It is told so here, since
 * without them a peer that sends its request slowly holds a connection for ever.
 */
export function serveHttp(server: Server): ConnectionHandler {
  server.emit('listening');
  const handle = (socket: Socket): void => {
    server.emit('connection', socket);
  };
  return Object.assign(handle, { endIdle: () => server.closeIdleConnections() });
}
