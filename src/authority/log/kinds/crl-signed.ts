import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IssuerLabel, Time } from './terms.ts';

/** A revocation list was signed. */
export const crlSigned = logKind({
  name: 'crl signed',
  details: Type.Object({
    issuer: IssuerLabel,
    number: Type.Integer(),
    entries: Type.Integer(),
    nextUpdate: Time,
  }),
  async apply(tx, { details }) {
    await tx.state.raiseCrlNumber(details.number);
  },
});
