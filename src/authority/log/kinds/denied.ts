import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, RequestId } from './terms.ts';

/** A person refused a request. */
export const denied = logKind({
  name: 'denied',
  details: Type.Object({ request: RequestId, identity: IdentityLabel, reason: Type.String() }),
  async apply(tx, { details: { request, reason }, by, atMs }) {
    await tx.requests.deny(request, { by, atMs, reason });
  },
});
