import { isHoldfastError } from '../../base/index.ts';
import { type Checkpoint, type SignedCheckpoint, verifyCheckpoint } from '../../enrol/index.ts';
import type { Issuer } from '../issuers/issuer.ts';

/**
 * What a checkpoint says that this authority signed; undefined for any other. Any issuing certificate there ever was may
 * have signed it, since the newest one may be younger than what is shown.
 */
export function ourCheckpoint(
  { issuings }: Pick<Issuer, 'issuings'>,
  signed: SignedCheckpoint,
): Checkpoint | undefined {
  for (const { certificate } of issuings) {
    try {
      return verifyCheckpoint(signed, certificate);
    } catch (error) {
      if (!isHoldfastError(error, 'checkpoint_invalid')) throw error;
    }
  }
  return undefined;
}
