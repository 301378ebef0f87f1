import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { Sequence } from './terms.ts';

/** A newer copy of this authority was met, and this one has stopped for ever. */
export const superseded = logKind({
  name: 'superseded',
  details: Type.Object({
    /** `mirror /mnt/x`, `client/alpha`. */
    shownBy: Type.String(),
    epoch: Type.Integer(),
    sequence: Sequence,
  }),
  async apply(tx) {
    await tx.state.supersede();
  },
});
