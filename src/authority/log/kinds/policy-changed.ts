import { Type } from 'typebox';
import { changePolicy } from '../../../policy/index.ts';
import { policyOnRecord } from '../../records/index.ts';
import { logKind } from '../log-kind.ts';

/** Keys of the policy have other values, as they are typed. */
export const policyChanged = logKind({
  name: 'policy changed',
  details: Type.Object({
    changes: Type.Array(Type.Object({ key: Type.String(), before: Type.String(), after: Type.String() })),
  }),
  async apply(tx, { details }) {
    const present = policyOnRecord(await tx.policy.read());
    await tx.policy.put(JSON.stringify(changePolicy(present, details.changes)));
  },
});
