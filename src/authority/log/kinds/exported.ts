import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { IssuerLabel } from './terms.ts';

/** Keys of the authority left its keystore: all in one file, or the key of a label in the clear. */
export const exported = logKind({
  name: 'exported',
  details: Type.Object({
    /** The format of the file with all keys. */
    as: Type.Optional(Type.String()),
    keys: Type.Optional(Type.Array(Type.String())),
    /** Those that were not here. */
    missing: Type.Optional(Type.Array(Type.String())),
    key: Type.Optional(IssuerLabel),
    /** The file that it was written to. */
    to: Type.Optional(Type.String()),
    /** Of the file with all keys. */
    sha256: Type.Optional(Type.String()),
  }),
});
