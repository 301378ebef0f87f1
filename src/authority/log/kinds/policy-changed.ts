import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** Keys of the policy have other values, as they are typed. */
export const policyChanged = logKind({
  name: 'policy changed',
  details: Type.Object({
    changes: Type.Array(Type.Object({ key: Type.String(), before: Type.String(), after: Type.String() })),
  }),
});
