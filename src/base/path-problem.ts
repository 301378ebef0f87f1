import { systemErrorCode } from './error.ts';

/** Why the system does not let a file or folder be read, in words and with its own code: `there is no such file (ENOENT)`. */
export function whyNotRead(error: unknown): string {
  return worded(error, unread, 'it cannot be read');
}

/** Why nothing can be written at a place, likewise; undefined where the place is not to blame, as on a full disk. */
export function whyNotWritten(error: unknown): string | undefined {
  return ofPlace.has(systemErrorCode(error) ?? '')
    ? worded(error, unwritten, 'nothing can be written there')
    : undefined;
}

const unread: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
};

const unwritten: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EEXIST: 'there is a file, and no folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'nothing can be written on that disk',
};

const ofPlace = new Set([...Object.keys(unwritten), 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

function worded(error: unknown, words: Readonly<Record<string, string>>, otherwise: string): string {
  const code = systemErrorCode(error);
  return code === undefined ? otherwise : `${words[code] ?? otherwise} (${code})`;
}
