import { Type } from 'typebox';
import { logKind, Serial, Time } from '../log-kind.ts';

/** The number of a grant. */
const Grant = Type.Integer();

/** An administrator lets one client read what another one has saved. */
export const grantCreated = logKind({
  name: 'grant created',
  details: Type.Object({
    grant: Grant,
    /** Names of clients. */
    from: Type.String(),
    to: Type.String(),
    /** The file or folder that it is of alone, and the repository with a copy of that; without them it is of all. */
    path: Type.Optional(Type.String()),
    repository: Type.Optional(Type.String()),
    snapshots: Type.Array(Type.String()),
    /** The job that seals it; without one somebody with the recovery kit does. */
    job: Type.Optional(Type.Integer()),
    expires: Time,
  }),
  async apply(tx, { details, by, atMs }) {
    const { grant, from, to, path, repository, snapshots, job, expires } = details;
    await tx.grants.insert({
      id: grant,
      from_name: from,
      to_name: to,
      path: path ?? null,
      repository: repository ?? null,
      snapshots: JSON.stringify(snapshots),
      job: job ?? null,
      created_by: by,
      created_at: atMs,
      expires_at: Date.parse(expires),
    });
  },
});

/** The key of a repository was sealed to a certificate of whom a grant is for: it can be read from then on. */
export const grantSealed = logKind({
  name: 'grant sealed',
  details: Type.Object({
    grant: Grant,
    certificate: Serial,
    /** Of what was sealed, in hexadecimal. */
    sha256: Type.String(),
  }),
  // What was sealed is in the database alone: no copy of it outlives the grant. Where it is lost the grant waits to be sealed again.
  lost: true,
  async apply(tx, { details: { grant, certificate }, atMs }) {
    await tx.grants.seal(grant, certificate, atMs);
  },
});

/** Nothing is read by a grant any more. */
export const grantRevoked = logKind({
  name: 'grant revoked',
  details: Type.Object({ grant: Grant }),
  async apply(tx, { details: { grant }, by, atMs }) {
    await tx.grants.revoke(grant, by, atMs);
  },
});
