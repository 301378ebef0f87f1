import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, RequestId } from './terms.ts';

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
