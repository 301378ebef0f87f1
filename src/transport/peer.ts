import type { Identity, SerialNumber } from '../pki/index.ts';

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
