import { Type } from 'typebox';
import { statusPaths } from '../authority/index.ts';
import { HoldfastError } from '../base/index.ts';
import { bytesReply, jsonReply } from './reply.ts';
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
