import type { Socket } from 'node:net';

/** Where a request comes from: an IPv4 address as itself, whatever the socket is bound to. */
export function peerAddress({ socket }: { readonly socket: Socket }): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:([0-9.]+)$/i, '$1');
}
