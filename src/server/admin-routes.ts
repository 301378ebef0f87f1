import type { FastifyInstance } from 'fastify';
import { callOperation, operationPath } from '../admin/index.ts';
import type { IdentityOf, ServerContext } from './server-context.ts';

/** The admin API over HTTP: one route for the whole table. */
export function mountAdmin(app: FastifyInstance, { admin }: ServerContext, identityOf: IdentityOf): void {
  app.post<{ Params: { name: string } }>(operationPath(':name'), (request) =>
    callOperation(admin, request.params.name, request.body, identityOf(request.raw)),
  );
}
