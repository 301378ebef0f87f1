import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Bytes } from '../base/index.ts';

/** More than any chain has that leads anywhere; the rest is not looked at. */
const maxLength = 16;

/** Asked for once: Node takes the chain out of the connection when it hands it over. */
const presented = new WeakMap<Socket, readonly Bytes[]>();

/**
 * The certificates that the peer presented: DER, the leaf first, then what came along, 16 in all at most.
 * Undefined when there are none. That the peer has the leaf's key is proved; nothing else is.
 */
export function peerCertificates(socket: Socket): readonly Bytes[] | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const known = presented.get(socket);
  if (known !== undefined) return known;
  const chain = chainOf(socket);
  if (chain.length === 0) return undefined;
  presented.set(socket, chain);
  return chain;
}

/** As they are, without the texts that `getPeerCertificate` makes of every field of all of them. */
function chainOf(socket: TLSSocket): Bytes[] {
  const chain: Bytes[] = [];
  let next: X509Certificate | undefined = socket.getPeerX509Certificate();
  for (; next !== undefined && chain.length < maxLength; next = next.issuerCertificate) chain.push(next.raw);
  return chain;
}
