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
