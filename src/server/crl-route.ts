import type { FastifyInstance } from 'fastify';
import { statusPaths } from '../authority/index.ts';
import { asBuffer, HoldfastError } from '../base/index.ts';
import { cacheFor } from './cache-for.ts';
import type { ServerContext } from './server-context.ts';

/** Revocation lists, as certificates say where they are. They can be large, so whoever has the newest one is told only that. */
export function mountCrl(app: FastifyInstance, { authority, admin: { clock } }: ServerContext): void {
  app.get<{ Params: { label: string } }>(statusPaths.crl(':label'), async ({ params, headers }, reply) => {
    const list = await authority.revocation.crl(params.label);
    if (list === undefined) throw new HoldfastError('object_not_found', 'there is no such revocation list');
    const { signedAt, nextUpdate } = list;
    const tag = `"${list.number}"`;
    void reply.headers(cacheFor({ tag, changedAt: signedAt, goodUntil: nextUpdate, nowMs: clock.now() }));
    if (headers['if-none-match'] === tag) return reply.code(304).send();
    // The same memory for all who are slow to take it.
    return reply.type('application/pkix-crl').send(asBuffer(list.der));
  });
}
