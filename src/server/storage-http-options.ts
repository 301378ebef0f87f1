import type { ServerOptions } from 'node:http';
import { secondMs } from '../base/index.ts';

/**
 * What an HTTP server needs so that uploads may take as long as they take; the idle limit is the storage handler's. Whoever
 * sends no request, or the head of one byte by byte, is looked for every second.
 */
export const storageHttpOptions: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 10 * secondMs,
  connectionsCheckingInterval: secondMs,
  keepAliveTimeout: 75 * secondMs,
  noDelay: true,
};
