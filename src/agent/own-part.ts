import { join } from 'node:path';
import { isHoldfastError } from '../base/index.ts';
import type { OwnPart } from '../transport/index.ts';
import { bearerHeader, loadTrustBundle, type TrustAnchor } from '../trust/index.ts';
import { heldToken } from './held-token.ts';
import { readLocalTrust } from './local-trust.ts';
import { bundleFile, findKeystore, openNode } from './node.ts';

/** This machine as it comes to a server: who it is and whom it believes, or why it cannot say so. */
export async function ownPart(directory: string): Promise<OwnPart> {
  try {
    const node = await openNode(directory);
    const { presentCertificate } = node.clientPolicy;
    const token = presentCertificate ? undefined : heldToken(node.keystore);
    return {
      identity: node.identity,
      policy: node.clientPolicy,
      ...(presentCertificate && { credentials: node.credentials.current }),
      ...(token && { authorization: bearerHeader(token, node.identity.name) }),
      bundle: node.bundle.current,
    };
  } catch (problem) {
    if (!isHoldfastError(problem)) throw problem;
    return { problem, ...(await stillTrusted(directory)) };
  }
}

/** Whom it believes is in files of its own, which may be whole where the rest is not, or all that there is. */
async function stillTrusted(directory: string): Promise<Pick<OwnPart, 'bundle'>> {
  const [bundle, anchors = []] = await Promise.all([
    whereWhole(loadTrustBundle(join(directory, bundleFile))),
    whereWhole(addedHere(directory)),
  ]);
  if (bundle !== undefined) return { bundle: { ...bundle, anchors: [...bundle.anchors, ...anchors] } };
  return anchors.length === 0 ? {} : { bundle: { network: '', anchors } };
}

async function addedHere(directory: string): Promise<readonly TrustAnchor[]> {
  const keystore = await findKeystore(directory);
  return keystore === undefined ? [] : await readLocalTrust(directory, keystore);
}

async function whereWhole<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}
