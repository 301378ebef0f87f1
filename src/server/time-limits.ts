import type { IncomingMessage, ServerResponse } from 'node:http';
import { minuteMs } from '../base/index.ts';

/**
 * Ends the connection of a request whose body is not here after `deadlineMs`, a minute unless said: for small messages,
 * also from peers that nobody knows, who would hold connections for ever by sending them byte by byte.
 */
export function limitBodyTime(
  request: IncomingMessage,
  response: ServerResponse,
  deadlineMs: number = minuteMs,
): void {
  if (request.complete) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, deadlineMs);
  response.once('close', () => clearTimeout(timer));
}

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
