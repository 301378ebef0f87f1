import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  answerFollowing,
  answerSubmission,
  refusalOf,
  type Submission,
  withEnrolment,
} from '../authority/index.ts';
import { isHoldfastError } from '../base/index.ts';
import {
  maxSubmissionBytes,
  parseMessage,
  type RequestAnswer,
  requestPaths,
  SubmitRequest,
} from '../enrol/index.ts';
import { httpStatusOf } from './http-status.ts';
import { limitRefusals } from './limit-refusals.ts';
import { peerAddress } from './peer-address.ts';
import { refuseCrossSite } from './refuse-cross-site.ts';
import type { ServerContext } from './server-context.ts';

/**
 * Requests over HTTP: JSON, or a request by itself under any other type, as programs call it many names and curl calls all
 * that it sends a form; what is said of it stands in the query then. They are taken from strangers while the queue is on; with a join code, or signed with a certificate
 * of the network, always. Whoever has the handle of a request can follow it.
 */
export function mountRequests(app: FastifyInstance, context: ServerContext): void {
  void app.register((scope, _options, done) => {
    scope.addHook('onRequest', refuseCrossSite);
    scope.removeContentTypeParser('text/plain');
    const raw = { parseAs: 'buffer', bodyLimit: maxSubmissionBytes } as const;
    scope.addContentTypeParser('*', raw, (_request, body, parsed) => parsed(null, body));
    scope.post(requestPaths.submit, { bodyLimit: 2 * maxSubmissionBytes }, (request, reply) =>
      answering(context, request, reply, async () => {
        const answer = await answerSubmission(context.authority, readSubmission(request));
        const code = answer.state === 'pending' ? 202 : 200;
        return reply.code(code).send(await withEnrolment(context.authority, answer, context.servers()));
      }),
    );
    scope.get<{ Params: { handle: string } }>(requestPaths.follow(':handle'), (request, reply) =>
      answering(context, request, reply, async (): Promise<RequestAnswer> => {
        const answer = await answerFollowing(context.authority, request.params.handle);
        return await withEnrolment(context.authority, answer, context.servers());
      }),
    );
    done();
  });
}

async function answering(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<unknown>,
): Promise<unknown> {
  void reply.header('cache-control', 'no-store');
  try {
    return await limitRefusals(context, peerAddress(request), work);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return reply.code(httpStatusOf(error)).send(refusalOf(error));
  }
}

function readSubmission(request: FastifyRequest): Submission {
  const { body, query } = request;
  const from = peerAddress(request);
  if (!Buffer.isBuffer(body)) {
    const { request: text, ...rest } = parseMessage(SubmitRequest, body, 'request');
    return { ...rest, input: Buffer.from(text, 'utf8'), from };
  }
  const said = parseMessage(SubmitRequest, { ...(query as object), request: '-' }, 'query');
  const { request: _none, ...rest } = said;
  return { ...rest, input: body, from };
}
