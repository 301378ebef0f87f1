import { type Bytes, isHoldfastError, type Log } from '../base/index.ts';
import { fetchRootCrl } from '../enrol/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import type { Node } from './node.ts';

/** How the server is reached. */
export interface LearnOptions {
  readonly server: string;
  readonly dialer: TlsDialer;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Asks the server which issuing certificates the root has revoked, and believes none of them from now on: connections are
 * judged anew. Without an answer what is known stays known; who signed it is the root alone.
 */
export async function learnRootList(node: Node, options: LearnOptions): Promise<void> {
  const der = await fetchQuietly(options);
  if (der === undefined) return;
  try {
    if (await node.keepRootList(der)) options.dialer.close();
  } catch (error) {
    if (!isHoldfastError(error, 'crl_malformed')) throw error;
    options.log.warn('the server gave no revocation list of the root', { error });
  }
}

async function fetchQuietly({ log, ...options }: LearnOptions): Promise<Bytes | undefined> {
  try {
    return await fetchRootCrl(options);
  } catch (error) {
    if (!isHoldfastError(error) || isHoldfastError(error, 'interrupted')) throw error;
    log.debug('the server did not say what the root has revoked', { error });
    return undefined;
  }
}
