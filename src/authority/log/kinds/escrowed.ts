import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** A node left the password of a repository, sealed to the recovery key. */
export const escrowed = logKind({
  name: 'escrowed',
  details: Type.Object({
    repository: Type.String(),
    bytes: Type.Integer(),
    /** Of what was left, in hexadecimal; the first records did not say it. */
    sha256: Type.Optional(Type.String()),
  }),
});
