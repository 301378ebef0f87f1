import { join } from 'node:path';
import { isHoldfastError } from '../base/index.ts';
import type { OwnPart } from '../transport/index.ts';
import { bearerHeader, loadTrustBundle } from '../trust/index.ts';
import { heldToken } from './held-token.ts';
import { bundleFile, openNode } from './node.ts';

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

/** Whom it believes is in a file of its own, and may be whole where the rest is not. */
async function stillTrusted(directory: string): Promise<Pick<OwnPart, 'bundle'>> {
  try {
    return { bundle: await loadTrustBundle(join(directory, bundleFile)) };
  } catch (error) {
    if (isHoldfastError(error)) return {};
    throw error;
  }
}
