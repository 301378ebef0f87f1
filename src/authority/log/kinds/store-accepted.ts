import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** Somebody answers for it that another store is taken for that of this network. */
export const storeAccepted = logKind({
  name: 'store accepted',
  details: Type.Object({
    store: Type.String(),
    directory: Type.String(),
    found: Type.String(),
    reason: Type.String(),
    /** The store that it was. */
    before: Type.Optional(Type.String()),
  }),
  async apply(tx, { details }) {
    await tx.state.setStore(details.store);
  },
});
