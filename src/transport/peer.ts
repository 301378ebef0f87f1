import type { Socket } from 'node:net';
import { isHoldfastError } from '../base/index.ts';
import { type Identity, parseCertificate, type SerialNumber } from '../pki/index.ts';
import { peerCertificates } from './peer-certificates.ts';

/** Whoever the gate let in: by a certificate of the network. */
export interface CertifiedPeer {
  readonly by: 'certificate';
  readonly identity: Identity;
  /** Of the certificate. */
  readonly serial: SerialNumber;
}

/** Whoever is on the server's machine, as the owner of its home. */
export interface LocalPeer {
  readonly by: 'local';
  readonly identity: Identity;
}

/** Who sent a request, and how that is known: decided once, and handed on. */
export type Peer = CertifiedPeer | LocalPeer;

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
