import {
  asBuffer,
  type Bytes,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  Secret,
} from '../../base/index.ts';
import {
  type EnrolmentAnswer,
  type EscrowPage,
  EscrowRequest,
  JoinRequest,
  parseJoinCode,
  parseMessage,
  type Refusal,
  RenewRequest,
  type RequestAnswer,
  type SubmitRequest,
} from '../../enrol/index.ts';
import type { Identity, SerialNumber } from '../../pki/index.ts';
import { formatTrustBundle } from '../../trust/index.ts';
import type { Authority } from '../authority.ts';
import type { Issued } from '../issue/index.ts';
import { identityLabel } from '../records/index.ts';
import type { FollowedRequest, Submitted } from '../requests/index.ts';

/** A peer as the gate let it in. */
interface Peer {
  readonly identity: Identity;
  /** Of the certificate it came with. */
  readonly serial: SerialNumber;
}

/**
 * Answers a join request.
 * @param input the JSON of the request, as it came
 * @param servers `https://host:port` of the listeners with `control` and `storage`, best first
 * @throws HoldfastError `input_invalid`, and as {@link Authority.enrol} does
 */
export async function answerJoin(
  authority: Authority,
  input: unknown,
  { from, servers }: { readonly from: string; readonly servers: readonly string[] },
): Promise<EnrolmentAnswer> {
  const { secret, request } = await parseCounting(authority, input);
  const issued = await authority.enrol({
    secret: new Secret(fromBase64(secret)),
    request: fromBase64(request),
    from,
  });
  return await answerWith(authority, issued, servers);
}

/** Answers a renewal request of `peer`. Errors: `input_invalid`, and as {@link Authority.renew}. */
export async function answerRenew(
  authority: Authority,
  input: unknown,
  { peer, servers }: { readonly peer: Peer; readonly servers: readonly string[] },
): Promise<EnrolmentAnswer> {
  const { request, checkpoint } = parseMessage(RenewRequest, input, 'renewal request');
  const issued = await authority.renew({ ...peer, request: fromBase64(request), checkpoint });
  return await answerWith(authority, issued, servers);
}

/** The trust bundle, as its file has it. */
export function answerTrust(authority: Authority): string {
  return formatTrustBundle(authority.trustBundle);
}

/** Keeps what `peer` leaves, in its own name. Errors: `input_invalid`, and as `Escrow.put`. */
export async function answerEscrow(
  authority: Authority,
  input: unknown,
  { identity }: Pick<Peer, 'identity'>,
): Promise<void> {
  const { repository, sealed } = parseMessage(EscrowRequest, input, 'escrow request');
  await authority.escrow.put(identity, repository, fromBase64(sealed));
}

/**
 * What `peer` left itself, the newest first, from before the entry `before` on. @throws HoldfastError `input_invalid`
 */
export async function answerEscrowPage(
  authority: Authority,
  before: string | undefined,
  { identity }: Pick<Peer, 'identity'>,
): Promise<EscrowPage> {
  if (before !== undefined && !/^[1-9][0-9]{0,14}$/.test(before))
    throw new HoldfastError('input_invalid', 'escrow: before is no number of an entry');
  const beforeId = before === undefined ? Number.MAX_SAFE_INTEGER : Number(before);
  const { entries, more } = await authority.escrow.page(identity, { beforeId, maxBytes: maxEscrowPageBytes });
  return {
    version: 1,
    entries: entries.map(({ sealed, ...entry }) => ({
      ...entry,
      sealed: asBuffer(sealed).toString('base64'),
    })),
    more,
  };
}

/** In base64 and with the rest of the message it is within what a peer reads. */
const maxEscrowPageBytes = 45 * 1024;

/**
 * What a peer is told about its refusal by `answerJoin` or `answerRenew`. Whoever holds the secret of a code, or a
 * certificate, may know what was wrong with what it asked; anybody else learns that it was refused.
 */
export function refusalOf(error: unknown): Refusal {
  if (isHoldfastError(error, 'storage_full'))
    return { code: error.code, message: 'the server has no space left' };
  if (!isHoldfastError(error, ...toldCodes)) return { code: 'refused_by_peer' };
  return { code: error.code, message: error.message };
}

const toldCodes = [
  'input_invalid',
  'join_code_malformed',
  'join_code_unknown',
  'join_code_used',
  'join_code_expired',
  'join_code_revoked',
  'name_taken',
  'name_invalid',
  'name_reserved',
  'queue_closed',
  'request_unknown',
  'request_malformed',
  'request_signature_invalid',
  'request_not_allowed',
  'node_quarantined',
  'key_unsupported',
  'key_malformed',
  'key_weak',
  'signature_unsupported',
  'name_not_permitted',
  'lint_failed',
  'certificate_not_allowed',
  'certificate_revoked',
  'certificate_expired',
  'authority_superseded',
  'clock_wrong',
  'issuer_ending',
  'issuer_revoked',
  'root_revoked',
  'root_unproven',
  'rate_limited',
] as const;

async function parseCounting(authority: Authority, input: unknown): Promise<JoinRequest> {
  try {
    return parseMessage(JoinRequest, input, 'join request');
  } catch (error) {
    if (isHoldfastError(error)) await authority.countRefusal(error);
    throw error;
  }
}

/** What a node gets with a certificate. */
async function answerWith(
  authority: Authority,
  { chain }: Pick<Issued, 'chain'>,
  servers: readonly string[],
): Promise<EnrolmentAnswer> {
  return {
    version: 1,
    chain: chain.map((der) => asBuffer(der).toString('base64')),
    trustBundle: formatTrustBundle(authority.trustBundle),
    recoveryRecipient: authority.recoveryRecipient,
    servers: [...servers],
    statusAddress: authority.statusAddress,
    checkpoint: authority.checkpoint(),
  };
}

function fromBase64(text: string): Bytes {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

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
