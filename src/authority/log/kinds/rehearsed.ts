import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';

/** A backup was tried. */
export const rehearsed = logKind({
  name: 'rehearsed',
  details: Type.Object({
    name: Type.String(),
    depth: Type.Enum(['opened', 'looked at']),
    good: Type.Boolean(),
    steps: Type.Array(
      Type.Object({
        what: Type.String(),
        good: Type.Boolean(),
        found: Type.String(),
        /** The mirror of the log that was looked at, and not the backup. */
        mirror: Type.Optional(Type.String()),
      }),
    ),
  }),
});
