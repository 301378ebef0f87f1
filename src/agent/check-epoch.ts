import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { claimedCheckpoint, type SignedCheckpoint, verifyCheckpoint } from '../enrol/index.ts';
import { parseCertificate } from '../pki/index.ts';
import type { Node } from './node.ts';

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
export async function learnEpoch(node: Node, shown: SignedCheckpoint): Promise<void> {
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
