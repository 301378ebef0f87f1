/**
 * Copies of the log outside this home, and the log held against them.
 *
 * What the room promises: nothing in a mirror is believed but what is signed by this authority, or chained to what is; and
 * a mirror never holds back what is recorded here.
 */
export { Audit } from './audit.ts';
export { checkMirrors, type Mirroring } from './check-mirrors.ts';
export { DirectoryMirror } from './directory-mirror.ts';
export { KnownIssuers } from './known-issuers.ts';
export { type LogMirror, lookForLog } from './log-mirror.ts';
export { lookAtMirror, type MirrorLook, type UsableMirror } from './look-at-mirror.ts';
export { type MirroredRecord, mirroredLines } from './mirrored-lines.ts';
export { type MirrorState, Mirrors } from './mirrors.ts';
