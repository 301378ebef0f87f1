import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Bytes } from '../base/index.ts';

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
  for (; next !== undefined; next = next.issuerCertificate) all.push(next.raw);
  const bytes = all.reduce((sum, { length }) => sum + length, 0);
  return { chain: all.slice(0, maxLength), bytes };
}
