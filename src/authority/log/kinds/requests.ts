import { Type } from 'typebox';
import { identityOf } from '../../records/index.ts';
import { IdentityLabel, logKind, RequestId, Time } from '../log-kind.ts';

/** A request for a certificate waits for a person. */
export const requested = logKind({
  name: 'requested',
  details: Type.Object({
    request: RequestId,
    identity: IdentityLabel,
    kind: Type.String(),
    /** Who handed it in. */
    by: Type.String(),
  }),
  // What was asked for.
  lost: true,
});

/** A person granted a request; the record before is of its certificate. */
export const approved = logKind({
  name: 'approved',
  details: Type.Object({
    request: RequestId,
    identity: IdentityLabel,
    /** What it asked for and did not get. */
    leftOut: Type.Optional(Type.Array(Type.String())),
    /** Host names that it did not ask for. */
    added: Type.Optional(Type.Array(Type.String())),
  }),
  async apply(tx, { details: { request, identity }, by, atMs }) {
    const row = await tx.requests.find(request, atMs);
    const certificate = row && (await tx.certificates.newestOf(row.public_key));
    // After a restore the request may be lost.
    if (certificate === undefined) return;
    await tx.requests.approve(request, { by, atMs, ...identityOf(identity), certificate: certificate.id });
  },
});

/** A person refused a request. */
export const denied = logKind({
  name: 'denied',
  details: Type.Object({ request: RequestId, identity: IdentityLabel, reason: Type.String() }),
  async apply(tx, { details: { request, reason }, by, atMs }) {
    await tx.requests.deny(request, { by, atMs, reason });
  },
});

/** Somebody asked for what they did not get: one refusal, several that say the same, or all of strangers by their code. */
export const refused = logKind({
  name: 'refused',
  details: Type.Object({
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    /** How many more there were of one code. */
    repeated: Type.Optional(Type.Integer()),
    /** How many there were of each code. */
    counts: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    /** From when they are counted. */
    since: Type.Optional(Time),
  }),
});
