import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IdentityLabel, RequestId } from './terms.ts';

/** A person granted a request; the record before is of its certificate. */
export const approved = logKind({
  name: 'approved',
  details: Type.Object({ request: RequestId, identity: IdentityLabel }),
});
