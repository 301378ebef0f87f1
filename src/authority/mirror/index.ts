/**
 * Copies of the log outside this home, and the log held against them.
 *
 * What the room promises: nothing in a mirror is believed but what is signed by this authority, or chained to what is; and
 * a mirror never holds back what is recorded here.
 */
export { Audit } from './audit.ts';
export {
  checkMirrors,
  lookAtMirror,
  type Mirroring,
  type MirrorLook,
  type UsableMirror,
} from './check-mirrors.ts';
export { DirectoryMirror, type LogMirror, lookForLog } from './log-mirror.ts';
export { KnownIssuers, type MirroredRecord, mirroredLines } from './mirrored-lines.ts';
export { type MirrorState, Mirrors } from './mirrors.ts';
