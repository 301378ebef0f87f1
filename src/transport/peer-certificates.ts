import type { Socket } from 'node:net';
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Bytes } from '../base/index.ts';

const maxLength = 16;

/**
 * The certificates that the peer presented: DER, the leaf first, then those it belongs to as far as they came along.
 * Undefined when there are none. That the peer has the leaf's key is proved; nothing else is.
 */
export function peerCertificates(socket: Socket): readonly Bytes[] | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const chain: Bytes[] = [];
  let next: Partial<DetailedPeerCertificate> | null | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < maxLength) {
    chain.push(next.raw);
    // A self-signed certificate is its own issuer here.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain.length === 0 ? undefined : chain;
}
