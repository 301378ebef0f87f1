/**
 * What every folder stands on: errors that say what to do next, a log that hides secrets, time that is passed in,
 * bytes, durable small files, bounded concurrency. Imports no other folder and knows nothing of backups or certificates.
 */

export {
  isAbandoned,
  overwritingOld,
  removeAbandoned,
  removeLeftOf,
  syncDirectory,
  temporaryBeside,
  temporaryName,
  writeFileAtomic,
} from './atomic-file.ts';
export {
  asBuffer,
  type Bytes,
  concatBytes,
  equalBytes,
  equalSecrets,
  freeBytes,
  fromHex,
  toHex,
} from './bytes.ts';
export { chanceText } from './chance-text.ts';
export {
  type Clock,
  dayMs,
  describeDuration,
  durationForm,
  durationPattern,
  formatDuration,
  hourMs,
  ManualClock,
  minuteMs,
  parseDuration,
  parseTime,
  secondMs,
  systemClock,
} from './clock.ts';
export { forEachLimited, mapInTurns, readAhead, workerEntry } from './concurrency.ts';
export {
  HoldfastError,
  isHoldfastError,
  isSystemError,
  systemErrorCode,
  systemErrorHint,
  whyNotRead,
  whyNotWritten,
  withoutStackTraces,
} from './error.ts';
export { type ErrorCode, type ErrorKinds, errorRow, errorSections, isErrorCode } from './errors/catalogue.ts';
export type { ErrorKind, ErrorRow } from './errors/error-row.ts';
export { withFileLock } from './file-lock.ts';
export { createLog, type Log, type LogFields, type LogLevel, silentLog } from './log.ts';
export { checkProgram } from './own-program.ts';
export {
  hasProcess,
  hasTerminal,
  isOwnUser,
  isRunning,
  missingMount,
  ownUser,
  processMark,
  rawCommandLine,
  rawDirectory,
  readNoFollow,
  type SinceBoot,
} from './platform.ts';
export { makePrivateDirectory, openSocketPlace } from './private-directory.ts';
export { programBuild, programDirectory, programVersion } from './program-version.ts';
export { readChosenFile, readFileEnd } from './read-chosen-file.ts';
export { Secret } from './secret.ts';
export { formatSize, parseSize, sizeForm } from './sizes.ts';
export { compareVersions, isVersion, versionPattern } from './version-order.ts';
