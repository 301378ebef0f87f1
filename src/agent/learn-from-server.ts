import { type Bytes, type Clock, HoldfastError, isHoldfastError, type Log } from '../base/index.ts';
import {
  claimedCheckpoint,
  fetchRootCrl,
  type RootCrlAnswer,
  type SignedCheckpoint,
  verifyCheckpoint,
} from '../enrol/index.ts';
import { parseCertificate } from '../pki/index.ts';
import type { TlsDialer } from '../transport/index.ts';
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
  { state: { checkpoint }, bundle }: Node,
  { log, ...options }: LearnOptions,
): Promise<RootCrlAnswer | undefined> {
  const numbers = (bundle.current.rootLists ?? []).map(({ crl }) => crl.number);
  const known = numbers.reduce<bigint | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
  try {
    return await fetchRootCrl({ ...options, checkpoint, known });
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

/**
 * Refuses what an older copy of the authority gives: one that was restored elsewhere has a higher epoch since, and what
 * it revoked the older copy does not know.
 *
 * @param known the newest checkpoint this node was shown
 * @param shown the one that came now, verified
 * @throws HoldfastError `authority_superseded`
 */
export function checkEpoch(known: SignedCheckpoint, shown: SignedCheckpoint): void {
  const [before, now] = [epochOf(known), epochOf(shown)];
  if (before === undefined || now === undefined || now >= before) return;
  throw new HoldfastError(
    'authority_superseded',
    `the server is a copy of the authority from epoch ${now}, and this machine has seen epoch ${before}`,
    {
      hint: 'start the newer one, or let its names lead to it; the administrator of this copy should end it',
    },
  );
}

/**
 * Looks at the checkpoint that a server shows before anything is done there, and keeps it when it is of a later epoch: whoever
 * followed a restored authority knows the one of before when it meets it. One that was not signed by what issued this
 * node's certificate says nothing.
 *
 * @throws HoldfastError `authority_superseded`
 */
async function learnEpoch(node: Node, shown: SignedCheckpoint): Promise<void> {
  // Whoever has the key of an issuer signs checkpoints as he likes.
  if (node.isIssuerRevoked || !isOfIssuer(node, shown)) return;
  checkEpoch(node.state.checkpoint, shown);
  if (isLater(shown, node.state.checkpoint))
    await node.updateState(({ checkpoint }) => (isLater(shown, checkpoint) ? { checkpoint: shown } : {}));
}

function isOfIssuer(node: Node, shown: SignedCheckpoint): boolean {
  return node.credentials.current.chain.slice(1).some((issuing) => {
    try {
      verifyCheckpoint(shown, parseCertificate(issuing));
      return true;
    } catch (error) {
      if (!isHoldfastError(error, 'checkpoint_invalid')) throw error;
      return false;
    }
  });
}

function isLater(shown: SignedCheckpoint, known: SignedCheckpoint): boolean {
  return (epochOf(shown) ?? 0) > (epochOf(known) ?? 0);
}

function epochOf(signed: SignedCheckpoint): number | undefined {
  return claimedCheckpoint(signed)?.epoch;
}
