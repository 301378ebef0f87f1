import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { dayMs } from '../base/index.ts';
import { type Identity, roles } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { type Answer, maxListed, Time } from './answer.ts';
import type { tokenListInput } from './tokens.ts';

/** How long a bearer token lives when nothing is said, and at most: nobody renews it. */
const defaultLifetimeMs = 90 * dayMs;
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

/** Makes a bearer token for one identity. Errors: see `BearerTokens.create`. */
export async function createBearer(
  { authority, clock, listeners }: AdminContext,
  { name, role, lifetimeMs = defaultLifetimeMs, reissue = false }: Static<typeof bearerCreateInput>,
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
  { authority }: AdminContext,
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
  { authority }: AdminContext,
  { id }: Static<typeof bearerRevokeInput>,
  caller: Identity,
): Promise<Answer<typeof BearerRevokeAnswer>> {
  const { identity } = await authority.bearerTokens.revoke(id, identityLabel(caller));
  return { id, role: identity.role, name: identity.name };
}
