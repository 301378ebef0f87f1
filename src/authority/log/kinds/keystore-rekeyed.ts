import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** The keystore is encrypted anew. */
export const keystoreRekeyed = logKind({
  name: 'keystore rekeyed',
  details: Type.Object({ openedBy: Type.String() }),
});
