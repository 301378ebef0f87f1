import { Type } from 'typebox';
import { identityOf } from '../../records/index.ts';
import { IdentityLabel, logKind, Time, Token } from '../log-kind.ts';

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

/** A join code was taken back. */
export const tokenRevoked = logKind({
  name: 'token revoked',
  details: Type.Object({ token: Token, identity: IdentityLabel }),
  async apply(tx, { details, atMs }) {
    await tx.joinCodes.revoke(details.token, atMs);
  },
});

/** The number of a bearer token. */
const BearerToken = Type.Integer();

/** A bearer token was made, whose name is given to nobody else from then on. */
export const bearerTokenCreated = logKind({
  name: 'bearer token created',
  details: Type.Object({
    bearerToken: BearerToken,
    identity: IdentityLabel,
    /** SHA-256 of its text, in hex: 256 random bits need no slower hash, and are told to nobody by it. */
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    expires: Time,
    /** An identity that had ended goes on. */
    reissue: Type.Boolean(),
  }),
  async apply(tx, { details: { bearerToken, identity: label, sha256, expires }, atMs }) {
    const identity = identityOf(label);
    const owner = await tx.identities.find(identity);
    if (owner === undefined) await tx.identities.insert(identity, atMs);
    else if (owner.revoked_at !== null) await tx.identities.revive(identity);
    await tx.bearerTokens.insert({
      id: bearerToken,
      secret_hash: Buffer.from(sha256, 'hex'),
      ...identity,
      created_at: atMs,
      expires_at: Date.parse(expires),
    });
  },
});

/** A bearer token was taken back. */
export const bearerTokenRevoked = logKind({
  name: 'bearer token revoked',
  details: Type.Object({ bearerToken: BearerToken, identity: IdentityLabel }),
  async apply(tx, { details, atMs }) {
    await tx.bearerTokens.revoke(details.bearerToken, atMs);
  },
});
