import type { IncomingMessage } from 'node:http';
import { HoldfastError } from '../base/index.ts';

/**
 * Refuses what a page of another site has a browser send: somebody who cannot reach this server must not leave requests
 * by way of somebody who can. Links from elsewhere are followed; programs do not say where they come from.
 * @throws HoldfastError `operation_forbidden`
 */
export function refuseCrossSite({ method, headers }: IncomingMessage): void {
  if (method !== 'POST' || headers['sec-fetch-site'] !== 'cross-site') return;
  throw new HoldfastError('operation_forbidden', 'a page of another site sent this');
}
