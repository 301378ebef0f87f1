import { chmodSync, fchmodSync, fchownSync, lchownSync, linkSync, symlinkSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../base/index.ts';
import type { FileKind } from './file-stat.ts';
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

/** An extended attribute; the name with its namespace, e.g. `user.comment`. */
export interface Xattr {
  readonly name: string;
  readonly value: Bytes;
}

/** A larger answer is asked for again. Linux allows 64 KiB, and sets aside at each call as much as it is offered. */
const usualBytes = 2 * 1024;
const scratch = Buffer.alloc(usualBytes);
const nothing = Buffer.alloc(0);

/**
 * The extended attributes of `path` itself (symlinks are not followed), in the system's order; none where the file
 * system has no such thing. An attribute that vanishes or may not be read meanwhile is left out.
 */
export function readXattrs(path: Bytes): Xattr[] {
  const target = cString(path);
  return listNames(path, target).flatMap((name) => {
    const value = readValue(path, target, name);
    return value === undefined ? [] : [{ name, value }];
  });
}

/** An extended attribute that could not be set, and the system's error. */
interface XattrFailure {
  readonly name: string;
  readonly error: unknown;
}

/**
 * Makes the extended attributes of `path` exactly `wanted`, as far as the system lets it: those it does not let be
 * removed stay, and those that cannot be set are told, after all the others are.
 */
export function setXattrs(path: Bytes, wanted: readonly Xattr[]): XattrFailure[] {
  const target = cString(path);
  for (const name of listNames(path, target)) {
    if (!wanted.some((xattr) => xattr.name === name)) removeXattr(path, name);
  }
  return wanted.flatMap(({ name, value }) => {
    try {
      callLibc('lsetxattr', path, target, cString(Buffer.from(name)), value, value.length, 0);
      return [];
    } catch (error) {
      return [{ name, error }];
    }
  });
}

/** Removes an extended attribute of `path` itself, if it is there and the system lets it be removed. */
export function removeXattr(path: Bytes, name: string): void {
  try {
    callLibc('lremovexattr', path, cString(path), cString(Buffer.from(name)));
  } catch (error) {
    if (!isWithout(error) && !['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '')) throw error;
  }
}

function listNames(path: Bytes, target: Bytes): string[] {
  try {
    const list = grow((buffer) => callLibc('llistxattr', path, target, buffer, buffer.length));
    return list.length === 0 ? [] : list.toString().slice(0, -1).split('\0');
  } catch (error) {
    if (isWithout(error)) return [];
    throw error;
  }
}

function readValue(path: Bytes, target: Bytes, name: string): Bytes | undefined {
  const wanted = cString(Buffer.from(name));
  try {
    return grow((buffer) => callLibc('lgetxattr', path, target, wanted, buffer, buffer.length));
  } catch (error) {
    if (isWithout(error) || systemErrorCode(error) === 'EACCES') return undefined;
    throw error;
  }
}

/** A copy of what `read` writes into a buffer large enough for it. */
function grow(read: (buffer: Buffer) => number): Buffer {
  for (let buffer = scratch; ; buffer = Buffer.alloc(buffer.length * 4)) {
    try {
      const length = read(buffer);
      return length === 0 ? nothing : Buffer.from(buffer.subarray(0, length));
    } catch (error) {
      if (systemErrorCode(error) !== 'ERANGE') throw error;
    }
  }
}

function isWithout(error: unknown): boolean {
  return ['ENOTSUP', 'EOPNOTSUPP', 'ENODATA'].includes(systemErrorCode(error) ?? '');
}

/** What `mknod` can make, each with its type bits (POSIX `S_IFMT`). */
const typeBits = {
  fifo: 0o010000,
  chardev: 0o020000,
  dev: 0o060000,
  socket: 0o140000,
} as const satisfies Partial<Record<FileKind, number>>;

/** The kinds that {@link makeNode} makes. */
type NodeKind = keyof typeof typeBits;

/**
 * Makes a device, a named pipe or a socket at `path`, for its owner alone (0600) until the mode is set.
 * Devices need root (`EPERM`). What is there already is not replaced (`EEXIST`).
 */
export function makeNode(path: Bytes, kind: NodeKind, rdev: bigint): void {
  callLibc('mknod', path, cString(path), typeBits[kind] | 0o600, rdev);
}

/** Makes a symlink at `path` whose target is exactly the bytes given. */
export function makeSymlink(path: Bytes, target: Bytes): void {
  symlinkSync(asBuffer(target), asBuffer(path));
}

/** Makes `path` another name of the file `existing`, which is not followed when it is a symlink. */
export function makeHardLink(path: Bytes, existing: Bytes): void {
  linkSync(asBuffer(existing), asBuffer(path));
}
