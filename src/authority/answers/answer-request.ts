import { asBuffer, type Bytes, equalBytes } from '../../base/index.ts';
import { parseJoinCode, type RequestAnswer, type SubmitRequest } from '../../enrol/index.ts';
import type { Authority } from '../authority.ts';
import { identityLabel } from '../records/index.ts';
import type { FollowedRequest, Submitted } from '../requests/index.ts';
import { answerWith } from './answer-node.ts';

/** A request as somebody sent it over the network, who is not known. */
export interface Submission extends Omit<SubmitRequest, 'request'> {
  /** PEM, DER or base64. */
  readonly input: Bytes;
  /** The address it came from. */
  readonly from: string;
}

/** Takes a stranger's request in. Errors: `join_code_malformed`, and as {@link Authority.requests}. */
export async function answerSubmission(
  authority: Authority,
  { input, profile, name, code, from }: Submission,
): Promise<RequestAnswer & { readonly handle: string }> {
  const secret = code === undefined ? undefined : parseJoinCode(code).secret;
  const submitted = await authority.requests.submit({ input, role: profile, name, secret, from });
  return { handle: submitted.handle, ...answerOf(submitted) };
}

/** How the request of a handle stands. @throws HoldfastError `request_unknown` */
export async function answerFollowing(authority: Authority, handle: string): Promise<RequestAnswer> {
  return answerOf(await authority.requests.collect(handle));
}

/**
 * The answer for a machine that is to become the node: with everything that a join brings, once the request is approved.
 * A certificate of an issuing one before comes alone, since the checkpoint beside it would be another's.
 */
export async function withEnrolment<T extends RequestAnswer>(
  authority: Authority,
  answer: T,
  servers: readonly string[],
): Promise<T> {
  const chain = answer.chain?.map((text) => new Uint8Array(Buffer.from(text, 'base64')));
  const [, issuing] = chain ?? [];
  if (chain === undefined || issuing === undefined || !equalBytes(issuing, authority.issuing.der))
    return answer;
  return { ...answer, enrolment: await answerWith(authority, { chain }, servers) };
}

function answerOf(request: Submitted | FollowedRequest): RequestAnswer {
  const { state, expiresAt, chain, leftOut = [] } = request;
  const widening = leftOut.filter((each) => each.class === 'widening');
  const reason = 'reason' in request ? request.reason : undefined;
  return {
    state,
    identity: identityLabel(request),
    expires: expiresAt.toISOString(),
    reason,
    ...(widening.length > 0 && { leftOut: widening.map(({ what, why }) => `${what}: ${why}`) }),
    chain: chain?.map((der) => asBuffer(der).toString('base64')),
  };
}
