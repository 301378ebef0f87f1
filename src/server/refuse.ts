import type { IncomingMessage, ServerResponse } from 'node:http';
import { isHoldfastError, type Log } from '../base/index.ts';
import { isToldToPeer } from '../transport/index.ts';
import { errorBody, httpStatusOf } from './http-status.ts';
import { loggedUrl } from './logged-url.ts';

/**
 * Answers what could not be done, and says so in the log. Of a certificate, only a peer of our own authority learns what
 * is wrong with it.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const fields = {
    method: request.method,
    url: loggedUrl(request.url ?? ''),
    from: request.socket.remoteAddress,
    error,
  };
  if (isHoldfastError(error)) log.info('request refused', fields);
  else log.error('request failed', fields);
  const told = isSilent(error) ? undefined : errorBody(error, 'peers');
  const body = Buffer.from(told === undefined ? '' : JSON.stringify(told));
  response.writeHead(httpStatusOf(error), {
    'content-length': body.length,
    // An answer to HEAD has no body to say it in.
    ...(told !== undefined && { 'content-type': 'application/json', 'holdfast-code': told.code }),
    connection: 'close',
  });
  response.end(body);
  request.resume();
}

function isSilent(error: unknown): boolean {
  return isHoldfastError(error) && error.code.startsWith('certificate_') && !isToldToPeer(error);
}
