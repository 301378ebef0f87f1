import { Type } from 'typebox';
import { identityOf } from '../../records/index.ts';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, RequestId } from './terms.ts';

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
