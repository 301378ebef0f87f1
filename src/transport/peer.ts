import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Bytes, equalBytes, isHoldfastError } from '../base/index.ts';
import { type Identity, parseCertificate, type SerialNumber } from '../pki/index.ts';

/** Whoever the gate let in: by a certificate of the network. */
export interface CertifiedPeer {
  readonly by: 'certificate';
  readonly identity: Identity;
  /** Of the certificate. */
  readonly serial: SerialNumber;
  readonly notAfter: Date;
}

/** Whoever the gate let in by a bearer token, where a listener requires no certificate. */
export interface TokenPeer {
  readonly by: 'token';
  readonly identity: Identity;
  /** The number of the token. */
  readonly token: number;
}

/** Whoever is on the server's machine, as the owner of its home. */
export interface LocalPeer {
  readonly by: 'local';
  readonly identity: Identity;
}

/** Who sent a request, and how that is known: decided once, and handed on. */
export type Peer = CertifiedPeer | TokenPeer | LocalPeer;

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

/** More than any chain has that leads anywhere; the rest is not looked at. */
const maxLength = 16;

interface Presented {
  readonly chain: readonly Bytes[];
  /** Of all that came, also of what is not looked at. */
  readonly bytes: number;
}

/** Asked for once: Node takes the chain out of the connection when it hands it over. */
const known = new WeakMap<TLSSocket, Presented>();

/**
 * The certificates that the peer presented: DER, the leaf first, then what came along, 16 in all at most.
 * Undefined when there are none. That the peer has the leaf's key is proved; nothing else is.
 */
export function peerCertificates(socket: Socket): readonly Bytes[] | undefined {
  const { chain } = presentedBy(socket);
  return chain.length === 0 ? undefined : chain;
}

/** How many bytes of certificates the peer presented. */
export function presentedBytes(socket: Socket): number {
  return presentedBy(socket).bytes;
}

function presentedBy(socket: Socket): Presented {
  if (!(socket instanceof TLSSocket)) return { chain: [], bytes: 0 };
  const before = known.get(socket);
  if (before !== undefined) return before;
  const presented = takeFrom(socket);
  if (presented.chain.length > 0) known.set(socket, presented);
  return presented;
}

/** As they are, without the texts that `getPeerCertificate` makes of every field of all of them. */
function takeFrom(socket: TLSSocket): Presented {
  const all: Bytes[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  for (; next !== undefined; next = next.issuerCertificate)
    all.push(all.length === 0 ? next.raw : sharedAuthority(next.raw));
  const bytes = all.reduce((sum, { length }) => sum + length, 0);
  return { chain: all.slice(0, maxLength), bytes };
}

/** Of so many authorities it is kept what peers showed of them last. */
const maxAuthorities = 8;
const authorities: Bytes[] = [];

/** The same bytes for all who show the same authority, which most of ten thousand connections do. */
function sharedAuthority(der: Bytes): Bytes {
  const known = authorities.find((each) => equalBytes(each, der));
  if (known !== undefined) return known;
  authorities.unshift(der);
  authorities.length = Math.min(authorities.length, maxAuthorities);
  return der;
}
