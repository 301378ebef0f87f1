import type { FastifyInstance } from 'fastify';
import {
  answerEscrow,
  answerEscrowPage,
  answerRenew,
  answerTrust,
  type Peer,
  refusalOf,
} from '../authority/index.ts';
import { asBuffer, HoldfastError, isHoldfastError } from '../base/index.ts';
import { enrolPaths } from '../enrol/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { peerCertificates } from '../transport/index.ts';
import { httpStatusOf } from './http-status.ts';
import type { IdentityOf, ServerContext } from './server-context.ts';

/** What a node may do for itself, with its certificate: renew it, ask whom to trust, leave its second key. */
export function mountControl(app: FastifyInstance, context: ServerContext, identityOf: IdentityOf): void {
  const { authority, servers, log } = context;
  const peerOf = (request: Parameters<IdentityOf>[0]): Peer => {
    const identity = identityOf(request);
    const [leaf] = peerCertificates(request.socket) ?? [];
    if (leaf === undefined) throw new TypeError('an identity without a certificate');
    return { identity, serial: parseCertificate(leaf).serial };
  };
  app.post(enrolPaths.renew, async (request, reply) => {
    const peer = peerOf(request.raw);
    try {
      return await answerRenew(authority, request.body, { peer, servers: servers() });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      log.info('renewal refused', { ...peer.identity, error });
      return reply.code(httpStatusOf(error)).send(refusalOf(error));
    }
  });
  app.get(enrolPaths.trust, (_request, reply) => reply.type('application/json').send(answerTrust(authority)));
  app.get(enrolPaths.rootCrl, async (_request, reply) => {
    const list = await authority.revocation.rootCrl();
    if (list === undefined) throw new HoldfastError('object_not_found', 'the root has signed no list yet');
    return reply.type('application/pkix-crl').header('cache-control', 'no-store').send(asBuffer(list.der));
  });
  app.post(enrolPaths.escrow, async (request) => {
    await answerEscrow(authority, request.body, peerOf(request.raw));
    return {};
  });
  app.get<{ Querystring: { before?: string } }>(enrolPaths.escrow, (request) =>
    answerEscrowPage(authority, request.query.before, peerOf(request.raw)),
  );
}
