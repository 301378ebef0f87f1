import { HoldfastError } from '../base/index.ts';

/** That an answer ended before its end, found by counting. */
export function connectionLost(host: string, found: string): HoldfastError {
  return new HoldfastError('connection_lost', `${host}: the connection broke (${found})`);
}
