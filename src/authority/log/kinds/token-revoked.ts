import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, Token } from './terms.ts';

/** A join code was taken back. */
export const tokenRevoked = logKind({
  name: 'token revoked',
  details: Type.Object({ token: Token, identity: IdentityLabel }),
  async apply(tx, { details, atMs }) {
    await tx.joinCodes.revoke(details.token, atMs);
  },
});
