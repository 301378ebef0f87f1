import { Type } from 'typebox';
import { statusPaths } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { expositionType } from './metrics.ts';
import { bytesReply, cacheFor, jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** What anybody may know: that the server is there, and the certificates that certificates point to. */
export const statusRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/-/health',
    service: 'status',
    access: 'anybody',
    does: 'That the server answers, and for which network.',
    answer: Type.Object({ status: Type.Literal('ok'), network: Type.String() }),
    handle: ({ authority }) => jsonReply({ status: 'ok', network: authority.network }),
  },
  {
    method: 'GET',
    head: true,
    path: '/-/status/servers',
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'Where nodes go: the addresses of the listeners with storage and control.',
    answer: Type.Object({ network: Type.String(), servers: Type.Array(Type.String()) }),
    handle: ({ authority, servers }) => jsonReply({ network: authority.network, servers: servers() }),
  },
  {
    method: 'GET',
    head: true,
    path: statusPaths.certificate(':label'),
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'The certificate of an issuer, DER.',
    async handle({ authority }, { params: { label = '' } }) {
      const certificate = await authority.issuerCertificate(label);
      if (certificate === undefined)
        throw new HoldfastError('object_not_found', 'there is no such certificate');
      return bytesReply('application/pkix-cert', certificate.der, {
        'cache-control': 'public, max-age=86400',
      });
    },
  },
];

/** Names clients and what they left, so that nobody gets it unless a listener says so. */
export const metricsRoute: Route = {
  method: 'GET',
  path: '/-/metrics',
  service: 'status',
  access: ['admin'],
  byListener: true,
  does: 'Metrics for Prometheus, where the listener has them: `metrics = "admin"`, or `"anybody"` on a loopback address.',
  async handle({ metrics }) {
    return { headers: { 'content-type': expositionType }, body: await metrics.text() };
  },
};

/** Revocation lists, as certificates say where they are. They can be large, so whoever has the newest one is told only that. */
export const crlRoutes: readonly Route[] = [
  {
    method: 'GET',
    head: true,
    path: statusPaths.crl(':label'),
    service: 'status',
    evidence: true,
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
