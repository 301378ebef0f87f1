import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, Time, Token } from './terms.ts';

/** A join code was made. */
export const tokenCreated = logKind({
  name: 'token created',
  details: Type.Object({
    token: Token,
    /** Or a pattern of names: `client/web-*`. */
    identity: IdentityLabel,
    reissue: Type.Boolean(),
    uses: Type.Integer(),
    expires: Time,
  }),
  // Its secret, of which the database has the digest.
  lost: true,
});
