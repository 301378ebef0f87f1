/**
 * Whether this authority may work: what is on its disk, whether its clock can be right, and whether a newer copy of it is at
 * work elsewhere.
 *
 * What the room promises: what is decided at once is decided on what no loss of power takes back; and an authority that has
 * met more than it knows stops for ever.
 */
export {
  Checkpoints,
  type Keeping,
  keepCheckpoint,
  keepLastCheckpoint,
  ourCheckpoint,
  passesKeptCheckpoint,
  readKeptCheckpoint,
} from './checkpoints.ts';
export {
  acceptClock,
  ClockGuard,
  type ClockProblem,
  checkClock,
  describeClock,
  keepTime,
} from './clock-guard.ts';
export {
  checkStanding,
  Present,
  refusalOfStanding,
  retire,
  revocationStatus,
  supersede,
  unretire,
} from './standing.ts';
