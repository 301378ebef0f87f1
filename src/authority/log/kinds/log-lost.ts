import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** An administrator answers for it that nothing is known of the time since the backup. */
export const logLost = logKind({
  name: 'log lost',
  details: Type.Object({ reason: Type.String() }),
});
