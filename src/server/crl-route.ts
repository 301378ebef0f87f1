import { statusPaths } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { cacheFor } from './cache-for.ts';
import { bytesReply } from './reply.ts';
import type { Route } from './route.ts';

/** Revocation lists, as certificates say where they are. They can be large, so whoever has the newest one is told only that. */
export const crlRoutes: readonly Route[] = [
  {
    method: 'GET',
    head: true,
    path: statusPaths.crl(':label'),
    service: 'status',
    access: 'anybody',
    does: 'The newest revocation list of an issuer, DER.',
    async handle({ authority, admin: { clock } }, { params: { label = '' }, request: { headers } }) {
      const list = await authority.revocation.crl(label);
      if (list === undefined) throw new HoldfastError('object_not_found', 'there is no such revocation list');
      const { signedAt, nextUpdate } = list;
      const tag = `"${list.number}"`;
      const caching = cacheFor({ tag, changedAt: signedAt, goodUntil: nextUpdate, nowMs: clock.now() });
      if (headers['if-none-match'] === tag) return { status: 304, headers: caching };
      // The same memory for all who are slow to take it.
      return bytesReply('application/pkix-crl', list.der, caching);
    },
  },
];
