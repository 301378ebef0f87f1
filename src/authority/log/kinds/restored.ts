import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { Sequence } from './terms.ts';

/** The authority goes on from a backup, or from its keys alone, in the epoch of this record. */
export const restored = logKind({
  name: 'restored',
  details: Type.Object({
    /** Where the log of the backup ended; 0 for keys alone. */
    backup: Type.Object({ sequence: Sequence, hash: Type.String() }),
    /** The mirror whose log was taken. */
    mirror: Type.Union([Type.String(), Type.Null()]),
    records: Type.Integer(),
    certificates: Type.Integer(),
    revoked: Type.Integer(),
    issuers: Type.Integer(),
    /** How many records of which kind said that something was, and not what it was. */
    lost: Type.Record(Type.String(), Type.Integer()),
    /** The file that the key of the root came from. */
    rootFrom: Type.Optional(Type.String()),
    notes: Type.Array(Type.String()),
  }),
});
