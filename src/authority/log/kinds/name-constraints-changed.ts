import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IssuerLabel } from './terms.ts';

/** Why there is another issuing certificate: it may certify other names. */
export const nameConstraintsChanged = logKind({
  name: 'name constraints changed',
  details: Type.Object({
    label: IssuerLabel,
    permitted: Type.Array(Type.String()),
    excluded: Type.Array(Type.String()),
  }),
});
