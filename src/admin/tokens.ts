import { type Static, Type } from 'typebox';
import { identityLabel, type JoinCodeRecord } from '../authority/index.ts';
import { HoldfastError, hourMs } from '../base/index.ts';
import { encodeJoinCode } from '../enrol/index.ts';
import { type Identity, roles } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';
import { maxListed } from './max-listed.ts';

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

export interface TokenAnswer {
  /** The join code, `hf1-…`: whoever has it can become a node that it names, as often as it has uses. */
  readonly code: string;
  readonly role: string;
  readonly name: string;
  readonly uses: number;
  readonly expires: string;
}

/** Makes a join code for one role and one name, or a pattern of names. */
export async function createToken(
  context: AdminContext,
  input: Static<typeof tokenCreateInput>,
  caller: Identity,
): Promise<TokenAnswer> {
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

/** A join code as it is listed; the names of the keys are stable. */
export interface TokenView
  extends Pick<JoinCodeRecord, 'id' | 'role' | 'name' | 'names' | 'reissue' | 'state'> {
  readonly uses: number;
  readonly maxUses: number;
  /** ISO 8601. */
  readonly created: string;
  readonly expires: string;
}

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
): Promise<TokenView[]> {
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

/** Ends a join code by its number. Errors: `object_not_found`, `already_revoked`. */
export async function revokeToken(
  { authority }: AdminContext,
  { id }: Static<typeof tokenRevokeInput>,
  caller: Identity,
): Promise<{ readonly id: number }> {
  await authority.joinCodes.revoke(id, identityLabel(caller));
  return { id };
}
