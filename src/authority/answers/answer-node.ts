import { asBuffer, type Bytes, HoldfastError, isHoldfastError, Secret } from '../../base/index.ts';
import {
  type EnrolmentAnswer,
  type EscrowPage,
  EscrowRequest,
  JoinRequest,
  parseMessage,
  type Refusal,
  RenewRequest,
} from '../../enrol/index.ts';
import type { Identity, SerialNumber } from '../../pki/index.ts';
import { formatTrustBundle } from '../../trust/index.ts';
import type { Authority } from '../authority.ts';
import type { Issued } from '../issue/index.ts';

/** A peer as the gate let it in. */
export interface Peer {
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
export async function answerWith(
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
