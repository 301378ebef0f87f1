import { chmodSync, fchmodSync, fchownSync, lchownSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';
import { accountName, callLibc, cString } from './libc.ts';

/** What an error calls a file that is open. */
const openFile: Bytes = Buffer.from('open file');
const perSecond = 1_000_000_000n;
/** `AT_FDCWD`: a relative path starts at the working directory. */
const atWorkingDirectory = process.platform === 'darwin' ? -2 : -100;
/** `AT_SYMLINK_NOFOLLOW`. */
const noFollow = process.platform === 'darwin' ? 0x20 : 0x100;

/** An open file, or a path that is not followed when it is a symlink. */
export type FileOrPath = number | Bytes;

/** Sets access and modification time, those of symlinks included, to the nanosecond; before 1970 too. */
export function setTimes(target: FileOrPath, atimeNs: bigint, mtimeNs: bigint): void {
  const times = BigInt64Array.of(...timespec(atimeNs), ...timespec(mtimeNs));
  if (typeof target === 'number') callLibc('futimens', openFile, target, times);
  else callLibc('utimensat', target, atWorkingDirectory, cString(target), times, noFollow);
}

/** Sets user and group. Clears setuid and setgid: set the mode afterwards. */
export function setOwner(target: FileOrPath, uid: number, gid: number): void {
  if (typeof target === 'number') fchownSync(target, uid, gid);
  else lchownSync(asBuffer(target), uid, gid);
}

/** Sets the permission bits (07777). A path is followed here, as symlinks have none of their own: not to be called on one. */
export function setMode(target: FileOrPath, mode: number): void {
  if (typeof target === 'number') fchmodSync(target, mode);
  else chmodSync(asBuffer(target), mode);
}

/** Seconds, and nanoseconds counted forward from them, as `struct timespec` wants it. */
function timespec(timeNs: bigint): [bigint, bigint] {
  const rest = ((timeNs % perSecond) + perSecond) % perSecond;
  return [(timeNs - rest) / perSecond, rest];
}

/** The name of a user, undefined for a number without one. Asked of the system (NSS) once for each number. */
export function userName(uid: number): string | undefined {
  return lookUp(users, 'getpwuid', uid);
}

/** The name of a group, undefined for a number without one. Asked of the system (NSS) once for each number. */
export function groupName(gid: number): string | undefined {
  return lookUp(groups, 'getgrgid', gid);
}

const users = new Map<number, string | undefined>();
const groups = new Map<number, string | undefined>();

function lookUp(
  known: Map<number, string | undefined>,
  kind: 'getpwuid' | 'getgrgid',
  id: number,
): string | undefined {
  if (!known.has(id)) known.set(id, accountName(kind, id));
  return known.get(id);
}
