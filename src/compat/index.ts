/**
 * The vendors' own words, for people who come with their guides: pure functions from what they type, and the files they
 * expect, to ours. Nothing here reads a file or decides anything.
 */
export { parseCertutil } from './certutil.ts';
export { type ClientFileLine, maxClientFileBytes, parseClientFile, withoutRepeats } from './client-file.ts';
export { parseDsmcert } from './dsmcert.ts';
export {
  clientName,
  defaultIniDirectory,
  parseOid,
  type SesamFile,
  type SubjectWords,
  serverName,
  sesamFiles,
} from './sesam.ts';
