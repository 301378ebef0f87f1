/**
 * How two people who can talk to each other make two machines trust each other: a code of four words, and an exchange that proves
 * on both sides that it is known, and tells nobody else more than whether one guess was right.
 */
export {
  chanceWords,
  codeMark,
  formatPairingCode,
  type PairingCode,
  parsePairingCode,
  passwordScalar,
  wordsOf,
} from './pairing-code.ts';
export { Spake2, type Spake2Outcome, type Spake2Setting } from './spake2.ts';
