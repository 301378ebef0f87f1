import { answerJoin, refusalOf } from '../authority/index.ts';
import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { EnrolmentAnswer, enrolPaths, JoinRequest } from '../enrol/index.ts';
import { jsonBody, peerAddress, queryOf } from './read-request.ts';
import { httpStatusOf } from './refuse.ts';
import { bytesReply, jsonReply } from './reply.ts';
import type { Route, ServerContext } from './route.ts';

/** Joining: open to anybody, but only while a join code is live, and slowly for whoever is refused. */
export const enrolRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: enrolPaths.root,
    service: 'enrol',
    access: 'anybody',
    does: 'The root certificate, DER, while somebody may join; with `?fingerprint=` that one of before which a join code names.',
    async handle(context, { request }) {
      checkOpen(context);
      const { authority } = context;
      const { fingerprint } = queryOf(request);
      const named = (await authority.roots()).find((each) => each.fingerprint === fingerprint);
      return bytesReply('application/pkix-cert', (named ?? authority.root).der);
    },
  },
  {
    method: 'POST',
    path: enrolPaths.join,
    service: 'enrol',
    access: 'anybody',
    does: 'A certificate for whoever has the secret of a join code.',
    body: jsonBody(JoinRequest),
    answer: EnrolmentAnswer,
    async handle(context, { request, body }) {
      const { authority, enrolLimit, servers, log } = context;
      const from = peerAddress(request);
      enrolLimit.check(from);
      try {
        checkOpen(context);
        return jsonReply(await answerJoin(authority, body, { from, servers: servers() }));
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        enrolLimit.refused(from);
        log.info('join refused', { from, error });
        return jsonReply(refusalOf(error), { status: httpStatusOf(error) });
      }
    },
  },
];

function checkOpen({ authority }: ServerContext): void {
  if (authority.hasLiveJoinCode() || authority.requests.areTaken) return;
  throw new HoldfastError('join_code_unknown', 'nobody is expected to join now');
}
