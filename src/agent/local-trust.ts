import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import {
  decodeLocalTrust,
  encodeLocalTrust,
  type Keystore,
  loadTrustBundle,
  type TrustAnchor,
} from '../trust/index.ts';

/** Label of what was added on this machine to whom it believes: in its keystore, whether it has joined a network or not. */
const localTrustLabel = 'local trust';
/** Where the same was before it had a place in the keystore. */
const formerFile = 'local-trust.json';

/** What is to be believed from now on, of what is. */
export type LocalTrustChange = (present: readonly TrustAnchor[]) => readonly TrustAnchor[];

/** What was added on this machine. @throws HoldfastError `trust_bundle_damaged`, naming the file */
export async function readLocalTrust(directory: string, keystore: Keystore): Promise<readonly TrustAnchor[]> {
  if (!keystore.has(localTrustLabel)) return await readFormer(directory);
  return decode(directory, keystore.secret(localTrustLabel));
}

/** Changes what was added on this machine on top of what is there by then, durably and in one write. Gives what is there now. */
export async function changeLocalTrust(
  directory: string,
  keystore: Keystore,
  change: LocalTrustChange,
): Promise<readonly TrustAnchor[]> {
  const former = await readFormer(directory);
  let next: readonly TrustAnchor[] = [];
  await keystore.update((entries) => {
    const kept = entries.secret(localTrustLabel);
    next = change(kept === undefined ? former : decode(directory, kept));
    entries.putSecret(localTrustLabel, new Secret(encodeLocalTrust(next)));
  });
  await rm(join(directory, formerFile), { force: true });
  return next;
}

function decode(directory: string, kept: Secret<Uint8Array>): readonly TrustAnchor[] {
  try {
    return decodeLocalTrust(kept.reveal());
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError('trust_bundle_damaged', `${join(directory, 'keystore')}: ${error.message}`, {
      cause: error,
    });
  }
}

async function readFormer(directory: string): Promise<readonly TrustAnchor[]> {
  try {
    return (await loadTrustBundle(join(directory, formerFile))).anchors;
  } catch (error) {
    if (isHoldfastError(error, 'trust_bundle_missing')) return [];
    throw error;
  }
}
