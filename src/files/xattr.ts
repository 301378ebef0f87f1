import { type Bytes, systemErrorCode } from '../base/index.ts';
import { callLibc, cString } from './libc.ts';

/** An extended attribute; the name with its namespace, e.g. `user.comment`. */
export interface Xattr {
  readonly name: string;
  readonly value: Bytes;
}

/** A larger answer is asked for again. Linux allows 64 KiB, and sets aside at each call as much as it is offered. */
const usualBytes = 2 * 1024;
const scratch = Buffer.alloc(usualBytes);

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
export interface XattrFailure {
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
      return Buffer.from(buffer.subarray(0, read(buffer)));
    } catch (error) {
      if (systemErrorCode(error) !== 'ERANGE') throw error;
    }
  }
}

function isWithout(error: unknown): boolean {
  return ['ENOTSUP', 'EOPNOTSUPP', 'ENODATA'].includes(systemErrorCode(error) ?? '');
}
