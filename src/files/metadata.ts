import { chmodSync, lchownSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';
import { callLibc, cString } from './libc.ts';

const perSecond = 1_000_000_000n;
/** `AT_FDCWD`: a relative path starts at the working directory. */
const atWorkingDirectory = process.platform === 'darwin' ? -2 : -100;
/** `AT_SYMLINK_NOFOLLOW`. */
const noFollow = process.platform === 'darwin' ? 0x20 : 0x100;

/** Sets access and modification time of `path` itself, symlinks included, to the nanosecond; before 1970 too. */
export function setTimes(path: Bytes, atimeNs: bigint, mtimeNs: bigint): void {
  const times = BigInt64Array.of(...timespec(atimeNs), ...timespec(mtimeNs));
  callLibc('utimensat', path, atWorkingDirectory, cString(path), times, noFollow);
}

/** Sets user and group of `path` itself. Clears setuid and setgid: set the mode afterwards. */
export function setOwner(path: Bytes, uid: number, gid: number): void {
  lchownSync(asBuffer(path), uid, gid);
}

/** Sets the permission bits (07777). Follows symlinks, which have none of their own: not to be called on one. */
export function setMode(path: Bytes, mode: number): void {
  chmodSync(asBuffer(path), mode);
}

/** Seconds, and nanoseconds counted forward from them, as `struct timespec` wants it. */
function timespec(timeNs: bigint): [bigint, bigint] {
  const rest = ((timeNs % perSecond) + perSecond) % perSecond;
  return [(timeNs - rest) / perSecond, rest];
}
