import type { FastifyInstance } from 'fastify';
import { answerJoin, refusalOf } from '../authority/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { enrolPaths } from '../enrol/index.ts';
import { httpStatusOf } from './http-status.ts';
import { peerAddress } from './peer-address.ts';
import type { ServerContext } from './server-context.ts';

/** Joining: open to anybody, but only while a join code is live, and slowly for whoever is refused. */
export function mountEnrol(app: FastifyInstance, context: ServerContext): void {
  const { authority, enrolLimit, servers, log } = context;
  app.get(enrolPaths.root, async (_request, reply) => {
    await checkOpen(context);
    return reply.type('application/pkix-cert').send(Buffer.from(authority.root.der));
  });
  app.post(enrolPaths.join, async (request, reply) => {
    const from = peerAddress(request);
    enrolLimit.check(from);
    try {
      await checkOpen(context);
      return await answerJoin(authority, request.body, { from, servers: servers() });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      enrolLimit.refused(from);
      log.info('join refused', { from, error });
      return reply.code(httpStatusOf(error)).send(refusalOf(error));
    }
  });
}

async function checkOpen({ authority }: ServerContext): Promise<void> {
  if (authority.hasLiveJoinCode() || authority.requests.areTaken) return;
  throw new HoldfastError('join_code_unknown', 'nobody is expected to join now');
}
