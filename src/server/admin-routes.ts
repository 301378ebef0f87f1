import { callOperation, operationPath } from '../admin/index.ts';
import { jsonBody } from './read-body.ts';
import { jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** The admin API over HTTP: one route for the whole table. */
export const adminRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: operationPath(':name'),
    service: 'control',
    access: ['admin'],
    does: 'One operation of the table below.',
    body: jsonBody(),
    async handle({ admin }, { params: { name = '' }, body, peer }) {
      if (peer === undefined) throw new TypeError(`${name} was called without a peer`);
      return jsonReply(await callOperation(admin, name, body, peer.identity));
    },
  },
];
