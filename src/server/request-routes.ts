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
  RequestAnswer,
  requestPaths,
  SubmitRequest,
} from '../enrol/index.ts';
import { limitRefusals } from './enrol-limit.ts';
import { type Body, jsonOf, peerAddress, queryOf, tooLarge } from './read-request.ts';
import { httpStatusOf } from './refuse.ts';
import { jsonReply, type Reply } from './reply.ts';
import type { Call, Route, ServerContext } from './route.ts';

const submission: Body = {
  maxBytes: 2 * maxSubmissionBytes,
  schema: SubmitRequest,
  parse(bytes, type) {
    const json = jsonOf(bytes, type);
    if (json === undefined && bytes.length > maxSubmissionBytes) throw tooLarge(maxSubmissionBytes);
    return json ?? bytes;
  },
};

/**
 * Requests over HTTP: JSON, or a request by itself under any other type, as programs call it many names and curl calls all
 * that it sends a form; what is said of it stands in the query then. They are taken from strangers while the queue is on; with a join code, or signed with a certificate
 * of the network, always. Whoever has the handle of a request can follow it.
 */
export const requestRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: requestPaths.submit,
    service: 'enrol',
    access: 'anybody',
    sameSite: true,
    does: 'Hands in a certificate request: JSON, or the request itself with the rest in the query. 202 while it waits.',
    body: submission,
    answer: RequestAnswer,
    handle: (context, call) =>
      answering(context, call, async () => {
        const answer = await answerSubmission(context.authority, readSubmission(call));
        const enrolment = await withEnrolment(context.authority, answer, context.servers());
        return { status: answer.state === 'pending' ? 202 : 200, answer: enrolment };
      }),
  },
  {
    method: 'GET',
    path: requestPaths.follow(':handle'),
    service: 'enrol',
    access: 'anybody',
    does: 'How the request of a handle stands, and its certificate once there is one.',
    answer: RequestAnswer,
    handle: (context, call) =>
      answering(context, call, async () => {
        const answer = await answerFollowing(context.authority, call.params['handle'] ?? '');
        return { status: 200, answer: await withEnrolment(context.authority, answer, context.servers()) };
      }),
  },
];

async function answering(
  context: ServerContext,
  { request }: Call,
  work: () => Promise<{ readonly status: number; readonly answer: RequestAnswer }>,
): Promise<Reply> {
  const headers = { 'cache-control': 'no-store' };
  try {
    const { status, answer } = await limitRefusals(context, peerAddress(request), work);
    return jsonReply(answer, { status, headers });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return jsonReply(refusalOf(error), { status: httpStatusOf(error), headers });
  }
}

function readSubmission({ request, body }: Call): Submission {
  const from = peerAddress(request);
  if (!Buffer.isBuffer(body)) {
    const { request: text, ...rest } = parseMessage(SubmitRequest, body, 'request');
    return { ...rest, input: Buffer.from(text, 'utf8'), from };
  }
  const said = parseMessage(SubmitRequest, { ...queryOf(request), request: '-' }, 'query');
  const { request: _none, ...rest } = said;
  return { ...rest, input: body, from };
}
