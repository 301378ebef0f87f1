import { Check } from 'typebox/value';
import { HoldfastError } from '../base/index.ts';
import { Checkpoint, type SignedCheckpoint } from '../enrol/index.ts';

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
    { hint: 'use the newer one; its administrator should end this copy' },
  );
}

function epochOf({ checkpoint }: SignedCheckpoint): number | undefined {
  const value: unknown = JSON.parse(checkpoint);
  return Check(Checkpoint, value) ? value.epoch : undefined;
}
