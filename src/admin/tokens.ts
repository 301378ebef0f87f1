import { type Static, Type } from 'typebox';
import { identityLabel } from '../authority/index.ts';
import { hourMs } from '../base/index.ts';
import { encodeJoinCode } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import type { AdminContext } from './admin-context.ts';

/** How long a join code lives when nothing is said. */
const defaultLifetimeMs = 24 * hourMs;

export const tokenCreateInput = Type.Object(
  {
    name: Type.String(),
    role: Type.Union([Type.Literal('client'), Type.Literal('storage'), Type.Literal('admin')]),
    lifetimeMs: Type.Optional(Type.Integer({ minimum: 1000 })),
    reissue: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export interface TokenAnswer {
  /** The join code, `hf1-…`: whoever has it can become the node it names, once. */
  readonly code: string;
  readonly role: string;
  readonly name: string;
  readonly expires: string;
}

/** Makes a join code for one role and one name. */
export async function createToken(
  context: AdminContext,
  input: Static<typeof tokenCreateInput>,
  caller: Identity,
): Promise<TokenAnswer> {
  const expiresAt = new Date(context.clock.now() + (input.lifetimeMs ?? defaultLifetimeMs));
  const code = await context.authority.createToken({
    role: input.role,
    name: input.name,
    expiresAt,
    addresses: context.enrolAddresses,
    reissue: input.reissue === true,
    by: identityLabel(caller),
  });
  return { code: encodeJoinCode(code), role: input.role, name: input.name, expires: expiresAt.toISOString() };
}
