import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** The authority goes on elsewhere, or that was taken back. */
export const retired = logKind({
  name: 'retired',
  details: Type.Object({
    /** The backup it was moved with. */
    movedTo: Type.Optional(Type.String()),
    /** Whether that has the key of the root. */
    holdsRoot: Type.Optional(Type.Boolean()),
    /** Why it is at work here again. */
    undone: Type.Optional(Type.String()),
  }),
  async apply(tx, { details }) {
    await tx.state.setStanding(details.undone === undefined ? 'retired' : 'ready');
  },
});
