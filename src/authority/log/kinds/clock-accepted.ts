import { Type } from 'typebox';
import { logKind } from '../log-kind.ts';
import { Time } from './terms.ts';

/** Somebody has looked at the clock and goes on with it as it is. */
export const clockAccepted = logKind({
  name: 'clock accepted',
  details: Type.Object({
    reason: Type.String(),
    clock: Type.Enum(['behind', 'ahead']),
    now: Time,
    expected: Time,
  }),
});
