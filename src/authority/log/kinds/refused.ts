import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { Time } from './terms.ts';

/** Somebody asked for what they did not get: one refusal, several that say the same, or all of strangers by their code. */
export const refused = logKind({
  name: 'refused',
  details: Type.Object({
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
    /** How many more there were of one code. */
    repeated: Type.Optional(Type.Integer()),
    /** How many there were of each code. */
    counts: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    /** From when they are counted. */
    since: Type.Optional(Time),
  }),
});
