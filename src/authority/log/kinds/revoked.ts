import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, Reason, Serial, Token } from './terms.ts';

/** Certificates of an identity are not to be believed any more. */
export const revoked = logKind({
  name: 'revoked',
  details: Type.Object({
    identity: IdentityLabel,
    reason: Reason,
    serials: Type.Array(Serial),
    /** The identity itself has ended, and its join codes. */
    whole: Type.Optional(Type.Boolean()),
    /** Those of the join codes that could still be used. */
    tokens: Type.Optional(Type.Array(Token)),
  }),
});
