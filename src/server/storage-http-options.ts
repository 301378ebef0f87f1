import type { ServerOptions } from 'node:http';
import { secondMs } from '../base/index.ts';

/** What an HTTP server needs so that uploads may take as long as they take; the idle limit is the storage handler's. */
export const storageHttpOptions: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 30 * secondMs,
  keepAliveTimeout: 75 * secondMs,
  noDelay: true,
};
