import { type Static, Type } from 'typebox';
import { type Authority, identityLabel } from '../authority/index.ts';
import { dayMs, HoldfastError, hourMs } from '../base/index.ts';
import { encodeJoinCode } from '../enrol/index.ts';
import { type Identity, roles } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, Time } from './answer.ts';

/** How long a join code lives when nothing is said. */
const defaultLifetimeMs = 24 * hourMs;

export const tokenCreateInput = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum([...roles]),
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    names: Type.Optional(Type.Array(Type.String({ maxLength: 32_768 }), { maxItems: 512 })),
    lifetimeMs: Type.Optional(Type.Integer({ minimum: 1000 })),
    reissue: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** A join code that was made. */
export const TokenAnswer = Type.Object({
  /** The join code, `hf1-…`: whoever has it can become a node that it names, as often as it has uses. */
  code: Type.String(),
  role: Type.String(),
  name: Type.String(),
  uses: Type.Integer(),
  expires: Time,
});

/** Makes a join code for one role and one name, or a pattern of names. */
export async function createToken(
  context: AdminContext,
  input: Static<typeof tokenCreateInput>,
  caller: Identity,
): Promise<Answer<typeof TokenAnswer>> {
  const { role, name, uses = 1 } = input;
  if (context.enrolAddresses.length === 0)
    throw new HoldfastError('settings_invalid', 'no listener offers enrol: nobody could use a join code', {
      hint: 'name the service enrol in a listener of holdfast.toml',
    });
  const expiresAt = new Date(context.clock.now() + (input.lifetimeMs ?? defaultLifetimeMs));
  const code = await context.authority.createToken({
    role,
    name,
    uses,
    names: input.names ?? [],
    expiresAt,
    addresses: context.enrolAddresses,
    reissue: input.reissue === true,
    by: identityLabel(caller),
  });
  return { code: encodeJoinCode(code), role, name, uses, expires: expiresAt.toISOString() };
}

/** Join codes as they are listed; the names of the keys are stable. */
export const TokenListAnswer = Type.Array(
  Type.Object({
    id: Type.Integer(),
    role: Type.String(),
    /** A name, or a pattern of names. */
    name: Type.String(),
    /** The host names and addresses that were authorised with it. */
    names: Type.Array(Type.String()),
    reissue: Type.Boolean(),
    state: Type.Enum(['live', 'used', 'expired', 'revoked']),
    uses: Type.Integer(),
    maxUses: Type.Integer(),
    created: Time,
    expires: Time,
  }),
);

export const tokenListInput = Type.Object(
  {
    /** Number of the last one of the page before. */
    before: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxListed })),
  },
  { additionalProperties: false },
);

/** A page of the join codes that were made, the newest first. */
export async function listTokens(
  { authority }: AdminContext,
  { limit = maxListed, ...page }: Static<typeof tokenListInput>,
): Promise<Answer<typeof TokenListAnswer>> {
  const records = await authority.joinCodes.list({ ...page, limit });
  return records.map(({ createdAt, expiresAt, ...rest }) => ({
    ...rest,
    created: createdAt.toISOString(),
    expires: expiresAt.toISOString(),
  }));
}

export const tokenRevokeInput = Type.Object(
  { id: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);

/** The join code that is dead now. */
export const TokenRevokeAnswer = Type.Object({ id: Type.Integer() });

/** Ends a join code by its number. Errors: `object_not_found`, `already_revoked`. */
export async function revokeToken(
  { authority }: AdminContext,
  { id }: Static<typeof tokenRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof TokenRevokeAnswer>> {
  await authority.joinCodes.revoke(id, identityLabel(caller));
  return { id };
}

/** How long a bearer token lives when nothing is said, and at most: nobody renews it. */
const bearerLifetimeMs = 90 * dayMs;
const maxLifetimeMs = 730 * dayMs;

export const bearerCreateInput = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum([...roles]),
    lifetimeMs: Type.Optional(Type.Integer({ minimum: 1000, maximum: maxLifetimeMs })),
    reissue: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** A bearer token that was made. */
export const BearerAnswer = Type.Object({
  id: Type.Integer(),
  /** The token, `hfb1_…`: whoever has it is who it names, where a listener requires no certificate. */
  token: Type.String(),
  role: Type.String(),
  name: Type.String(),
  expires: Time,
  /** The listeners that look at it, by name; empty when each requires a certificate, or no server runs. */
  listeners: Type.Array(Type.String()),
});

/** Where bearer tokens are kept, with an authority or without one. */
interface BearerContext {
  readonly authority: Pick<Authority, 'bearerTokens'>;
}

/** Makes a bearer token for one identity. Errors: see `BearerTokens.create`. */
export async function createBearer(
  { authority, clock, listeners }: BearerContext & Pick<AdminContext, 'clock' | 'listeners'>,
  { name, role, lifetimeMs = bearerLifetimeMs, reissue = false }: Static<typeof bearerCreateInput>,
  caller: Identity,
): Promise<Answer<typeof BearerAnswer>> {
  const expiresAt = new Date(clock.now() + lifetimeMs);
  const order = { role, name, expiresAt, reissue, by: identityLabel(caller) };
  const { id, token } = await authority.bearerTokens.create(order);
  const looking = listeners.filter(
    ({ clientCertificate, services }) =>
      clientCertificate !== 'require' && services.some((each) => each === 'storage' || each === 'control'),
  );
  return {
    id,
    token: token.reveal(),
    role,
    name,
    expires: expiresAt.toISOString(),
    listeners: looking.map((listener) => listener.name),
  };
}

/** Bearer tokens as they are listed; the names of the keys are stable. */
export const BearerListAnswer = Type.Array(
  Type.Object({
    id: Type.Integer(),
    role: Type.String(),
    name: Type.String(),
    state: Type.Enum(['live', 'expired', 'revoked']),
    created: Time,
    expires: Time,
  }),
);

/** A page of the bearer tokens that were made, the newest first. */
export async function listBearers(
  { authority }: BearerContext,
  { limit = maxListed, ...page }: Static<typeof tokenListInput>,
): Promise<Answer<typeof BearerListAnswer>> {
  const records = await authority.bearerTokens.list({ ...page, limit });
  return records.map(({ id, identity: { role, name }, state, createdAt, expiresAt }) => ({
    id,
    role,
    name,
    state,
    created: createdAt.toISOString(),
    expires: expiresAt.toISOString(),
  }));
}

export const bearerRevokeInput = Type.Object(
  { id: Type.Integer({ minimum: 1 }) },
  { additionalProperties: false },
);

/** The bearer token that is dead now. */
export const BearerRevokeAnswer = Type.Object({
  id: Type.Integer(),
  role: Type.String(),
  name: Type.String(),
});

/** Ends a bearer token by its number, and the connections that came by it. Errors: `object_not_found`, `already_revoked`. */
export async function revokeBearer(
  { authority }: BearerContext,
  { id }: Static<typeof bearerRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof BearerRevokeAnswer>> {
  const { identity } = await authority.bearerTokens.revoke(id, identityLabel(caller));
  return { id, role: identity.role, name: identity.name };
}
