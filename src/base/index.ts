/**
 * What every folder stands on: errors that say what to do next, a log that hides secrets, time that is passed in,
 * bytes, durable small files, bounded concurrency. Imports no other folder and knows nothing of backups or certificates.
 */

export { removeLeftOf, syncDirectory, writeFileAtomic } from './atomic-file.ts';
export { asBuffer, type Bytes, concatBytes, equalBytes, equalSecrets, fromHex, toHex } from './bytes.ts';
export {
  type Clock,
  dayMs,
  hourMs,
  ManualClock,
  minuteMs,
  parseTime,
  type SinceBoot,
  secondMs,
  systemClock,
} from './clock.ts';
export {
  describeDuration,
  durationForm,
  durationPattern,
  formatDuration,
  parseDuration,
} from './duration.ts';
export {
  HoldfastError,
  type HoldfastErrorOptions,
  isHoldfastError,
  isSystemError,
  systemErrorCode,
  systemErrorHint,
  whyNotRead,
  whyNotWritten,
  withoutStackTraces,
} from './error.ts';
export { type ErrorCode, errorRow, errorSections, isErrorCode } from './errors/catalogue.ts';
export type { ErrorKind, ErrorRow } from './errors/error-row.ts';
export { withFileLock } from './file-lock.ts';
export { isAbandoned, isRunning, processMark, removeAbandoned, temporaryName } from './left-files.ts';
export { createLog, type Log, type LogFields, type LogLevel, silentLog } from './log.ts';
export { missingMount } from './missing-mount.ts';
export { forEachLimited, mapInTurns } from './pool.ts';
export { makePrivateDirectory } from './private-directory.ts';
export { readChosenFile } from './read-chosen-file.ts';
export { Secret } from './secret.ts';
export { openSocketPlace } from './socket-place.ts';
export { workerEntry } from './worker-entry.ts';
