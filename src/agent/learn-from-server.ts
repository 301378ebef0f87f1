import { type Bytes, type Clock, isHoldfastError, type Log } from '../base/index.ts';
import { fetchRootCrl, type RootCrlAnswer } from '../enrol/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import { learnEpoch } from './check-epoch.ts';
import type { Node } from './node.ts';

/** How the server is reached. */
export interface LearnOptions {
  readonly server: string;
  readonly dialer: TlsDialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Asks the server which issuing certificates the root has revoked, and believes none of them from now on: connections are
 * judged anew. Without an answer what is known stays known; who signed it is the root alone. Server and node tell each other
 * how far the log has come, so that a copy of the authority from before a restore is found out by either.
 *
 * @throws HoldfastError `authority_superseded`
 */
export async function learnFromServer(node: Node, options: LearnOptions): Promise<void> {
  const answer = await fetchQuietly(node, options);
  const der = answer && listIn(answer, options);
  if (der !== undefined) await keep(node, der, options);
  if (answer?.checkpoint !== undefined) await learnEpoch(node, answer.checkpoint);
  warnOfOld(node, options);
}

async function keep(node: Node, der: Bytes, { dialer, log }: LearnOptions): Promise<void> {
  try {
    if (await node.keepRootList(der)) dialer.close();
  } catch (error) {
    if (!isHoldfastError(error, 'crl_malformed')) throw error;
    log.warn('the server gave something else than a revocation list of the root', { error });
  }
}

/** Whoever has stolen the key of an issuer has no list that is newer, and keeps the server's from whom he deceives. */
function warnOfOld(node: Node, { clock, log, server }: LearnOptions): void {
  const ends = (node.bundle.current.rootLists ?? []).map(({ crl }) => crl.nextUpdate.getTime());
  const end = Math.max(...ends);
  if (ends.length === 0 || clock.now() <= end) return;
  log.warn('the server gives no revocation list of the root that is still good', {
    server,
    ended: new Date(end).toISOString(),
  });
}

async function fetchQuietly(
  { state: { checkpoint } }: Node,
  { log, ...options }: LearnOptions,
): Promise<RootCrlAnswer | undefined> {
  try {
    return await fetchRootCrl({ ...options, checkpoint });
  } catch (error) {
    return goOnWithout(error, log);
  }
}

function listIn(answer: RootCrlAnswer, { log }: LearnOptions): Bytes | undefined {
  try {
    return answer.list();
  } catch (error) {
    return goOnWithout(error, log);
  }
}

function goOnWithout(error: unknown, log: Log): undefined {
  if (!isHoldfastError(error) || isHoldfastError(error, 'interrupted', 'authority_superseded')) throw error;
  log.debug('the server did not say what the root has revoked', { error });
  return undefined;
}
