import type { Socket } from 'node:net';
import { isHoldfastError } from '../base/index.ts';
import { type Identity, parseCertificate } from '../pki/index.ts';
import { peerCertificates } from './peer-certificates.ts';

/**
 * The identity that a peer's certificate names, if it names one. Only the gate says whether that is to be believed; of
 * whoever it refuses by a code that the peer may be told, it is.
 */
export function namedIdentity(socket: Socket): Identity | undefined {
  const [leaf] = peerCertificates(socket) ?? [];
  try {
    return leaf && parseCertificate(leaf).identity;
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}
