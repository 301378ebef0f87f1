import type { IncomingMessage, ServerResponse } from 'node:http';
import { asBuffer, type Bytes, type Log } from '../base/index.ts';
import { refuse } from './refuse.ts';

/** A route with small messages that come by the thousand, which is answered without the framework. */
export interface DirectRoute {
  readonly method: string;
  readonly path: string;
  /** The Content-Type of its requests. */
  readonly requestType: string;
  readonly maxRequestBytes: number;
  readonly responseType: string;
  readonly answer: (body: Bytes) => Promise<Bytes>;
}

/**
 * Answers requests to these routes, and says whether it does: whatever is unusual about one, e.g. that it is too long or
 * of another type, is left to the framework, which has the same routes.
 */
export function createDirectRoutes(
  routes: readonly DirectRoute[],
  log: Log,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const byAddress = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  return (request, response) => {
    const route = byAddress.get(`${request.method} ${request.url}`);
    if (route === undefined || !isUsual(request, route)) return false;
    readBody(request, (body) => {
      void route.answer(body).then(
        (answer) => send(response, route.responseType, answer),
        (error: unknown) => refuse(request, response, error, log),
      );
    });
    return true;
  };
}

function isUsual({ headers }: IncomingMessage, { requestType, maxRequestBytes }: DirectRoute): boolean {
  return headers['content-type'] === requestType && Number(headers['content-length']) <= maxRequestBytes;
}

/** All of a body whose length was said; not at all when it does not come. */
function readBody(request: IncomingMessage, onBody: (body: Buffer) => void): void {
  let body: Buffer | undefined;
  request
    .on('data', (piece: Buffer) => (body = body === undefined ? piece : Buffer.concat([body, piece])))
    .on('end', () => onBody(body ?? Buffer.alloc(0)));
}

/** Head and body go out together only as one text. */
function send(response: ServerResponse, type: string, body: Bytes): void {
  response.writeHead(200, { 'content-type': type, 'content-length': body.length });
  response.end(asBuffer(body).toString('latin1'), 'latin1');
}
