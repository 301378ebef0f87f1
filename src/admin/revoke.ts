import { type Static, Type } from 'typebox';
import { describeTarget, identityLabel, type RevocationTarget } from '../authority/index.ts';
import { HoldfastError, secondMs } from '../base/index.ts';
import { type Identity, type RevocationReason, revocationReasons } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, PresentWhen, Time } from './answer.ts';

const maxTextLength = 300;
const What = Type.String({ minLength: 1, maxLength: maxTextLength });

const As = Type.Optional(Type.Enum(['serial', 'node']));

export const certificateRevocableInput = Type.Object({ what: What, as: As }, { additionalProperties: false });

/** What would be revoked. */
export const RevocableView = Type.Object({
  kind: Type.Enum(['certificate', 'identity', 'issuer', 'imported']),
  /** `client/laptop`, a serial number, or `issuing-1`: means this and nothing else. */
  what: Type.String(),
  /** For people: `client/laptop`, `certificate 4f1c…`. */
  description: Type.String(),
});

/** What a text means that names something to be revoked. Errors: `object_not_found`, `input_invalid` when it means several. */
export async function findRevocable(
  { authority }: AdminContext,
  { what, as }: Static<typeof certificateRevocableInput>,
): Promise<Answer<typeof RevocableView>> {
  const target = await authority.revocation.find(what, as);
  return { kind: target.kind, what: exactly(target), description: describeTarget(target) };
}

function exactly(target: RevocationTarget): string {
  if (target.kind === 'issuer') return target.label;
  return target.kind === 'identity' ? identityLabel(target.identity) : target.serial;
}

export const certificateRevokeInput = Type.Object(
  { what: What, as: As, reason: Type.Optional(Type.String({ maxLength: maxTextLength })) },
  { additionalProperties: false },
);

/** Whether a mirror of the log holds a revocation: then it outlives the loss of this machine. */
const MirrorView = Type.Object({
  name: Type.String(),
  reached: Type.Boolean(),
  problem: PresentWhen('it was not reached', Type.String()),
});

/** What was revoked. */
export const RevokedView = Type.Object({
  identity: Type.String(),
  /** Of the certificates that ended with it. */
  serials: Type.Array(Type.String()),
  /** How many join codes ended with it. */
  joinCodes: Type.Integer(),
  /** How many bearer tokens ended with it. */
  bearerTokens: PresentWhen('the server is new enough to say it', Type.Integer()),
  /** In a word of RFC 5280. */
  reason: Type.String(),
  revokedAt: Time,
  /** The mirrors of the log, and whether each has it on record. */
  mirrors: Type.Array(MirrorView),
});

/** How long the answer waits for the mirrors. */
const mirrorPatienceMs = 10 * secondMs;

/**
 * Revokes a certificate or a node, for ever.
 * Errors: `object_not_found`, `already_revoked`, `input_invalid` for a text that means several things, or for a reason
 * that cannot be given.
 */
export async function revoke(
  { authority }: AdminContext,
  { what, as, reason = 'unspecified' }: Static<typeof certificateRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof RevokedView>> {
  const order = { reason: parseReason(reason), by: identityLabel(caller) };
  const target = await authority.revocation.find(what, as);
  if (target.kind === 'issuer')
    throw new HoldfastError('input_invalid', `${what} is the issuing certificate ${target.label}`, {
      hint: `all that it issued ends with it: holdfast cert revoke ${target.label}`,
    });
  const { joinCodes, bearerTokens, at, ...rest } = await authority.revocation.revoke(target, order);
  const mirrors = await reachMirrors(authority);
  const ended = { joinCodes: joinCodes.length, bearerTokens: bearerTokens.length };
  return { ...rest, ...ended, revokedAt: at.toISOString(), mirrors };
}

/** Brings the log up to here to its mirrors; whoever is behind goes on by itself. */
async function reachMirrors({
  mirrors,
  log,
}: AdminContext['authority']): Promise<Answer<typeof RevokedView>['mirrors']> {
  if (!mirrors.configured) return [];
  const { sequence: recorded } = await log.head();
  const states = await mirrors.flush(mirrorPatienceMs);
  return states.map(({ name, sequence, problem }) => ({ name, reached: sequence >= recorded, problem }));
}

/**
 * A reason in a word of RFC 5280; upper and lower case do not count, since the words are long.
 * @throws HoldfastError `input_invalid`
 */
function parseReason(text: string): RevocationReason {
  const wanted = text.toLowerCase();
  const reason = revocationReasons.find((each) => each.toLowerCase() === wanted);
  if (reason !== undefined) return reason;
  const hint = `the reasons are ${revocationReasons.join(', ')}`;
  if (wanted === 'certificatehold' || wanted === 'removefromcrl') {
    const message = `reason ${text}: a revocation here is for ever, so nothing is put on hold or taken off again`;
    throw new HoldfastError('input_invalid', message, { hint });
  }
  throw new HoldfastError('input_invalid', `reason ${text} is not one of RFC 5280`, { hint });
}

export const issuerRevokeInput = Type.Object(
  { label: Type.String({ maxLength: 100 }), reason: Type.Optional(Type.String({ maxLength: 300 })) },
  { additionalProperties: false },
);

/** An issuing certificate that was revoked. */
export const RevokedIssuerView = Type.Object({
  label: Type.String(),
  serial: Type.String(),
  /** What issues now. */
  replacedBy: Type.String(),
  /** In a word of RFC 5280. */
  reason: Type.String(),
  revokedAt: Time,
  /** How many nodes have no other certificate, and renew when they come the next time. */
  toRenew: Type.Integer(),
  mirrors: Type.Array(MirrorView),
});

/**
 * Revokes an issuing certificate with all that it issued, and gives the running server another certificate of its own.
 * Errors: `root_offline`, `object_not_found`, `already_revoked`, `input_invalid` for a reason that cannot be given.
 */
export async function revokeIssuer(
  { authority, renewServer }: AdminContext,
  { label, reason = 'unspecified' }: Static<typeof issuerRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof RevokedIssuerView>> {
  const order = { reason: parseReason(reason), by: identityLabel(caller) };
  const { at, ...revoked } = await authority.revocation.revokeIssuer(label, order);
  await renewServer();
  const toRenew = await authority.revocation.countToRenew();
  return { ...revoked, revokedAt: at.toISOString(), toRenew, mirrors: await reachMirrors(authority) };
}
