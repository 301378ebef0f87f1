import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Ends the connection of a request when the peer neither sends nor takes a byte for `idleMs` while the server waits
 * for it. There is no limit on the whole: a large upload over a thin line may take days.
 */
export function limitIdleTime(request: IncomingMessage, response: ServerResponse, idleMs: number): void {
  const { socket } = request;
  response.setTimeout(idleMs, () => {
    if (isWaitingForPeer(request, response)) socket.destroy();
    else socket.setTimeout(idleMs);
  });
}

/** When bytes lie unread here, or there is nothing to be taken, the server's own disk is what takes time. */
function isWaitingForPeer(request: IncomingMessage, response: ServerResponse): boolean {
  const sending = !request.complete && request.readableLength === 0;
  const taking = response.writableLength > 0;
  return sending || taking;
}
