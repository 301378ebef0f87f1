/**
 * Whether this authority may work: what is on its disk, whether its clock can be right, and whether a newer copy of it is at
 * work elsewhere.
 *
 * What the room promises: what is decided at once is decided on what no loss of power takes back; and an authority that has
 * met more than it knows stops for ever.
 */
export { Checkpoints, ourCheckpoint } from './checkpoints.ts';
export {
  acceptClock,
  ClockGuard,
  type ClockProblem,
  checkClock,
  describeClock,
  keepTime,
} from './clock-guard.ts';
export {
  type Keeping,
  keepCheckpoint,
  keepLastCheckpoint,
  passesKeptCheckpoint,
  readKeptCheckpoint,
} from './kept-checkpoint.ts';
export { standingOf } from './peer-standing.ts';
export { Present } from './present.ts';
export { checkStanding, refusalOfStanding, retire, supersede, unretire } from './standing.ts';
