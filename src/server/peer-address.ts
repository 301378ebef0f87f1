import type { FastifyRequest } from 'fastify';

/** Where a request comes from: an IPv4 address as itself, whatever the socket is bound to. */
export function peerAddress({ ip }: FastifyRequest): string {
  return ip.replace(/^::ffff:([0-9.]+)$/i, '$1');
}
