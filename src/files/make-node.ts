import { linkSync, symlinkSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';
import type { FileKind } from './file-stat.ts';
import { callLibc, cString } from './libc.ts';

/** What `mknod` can make, each with its type bits (POSIX `S_IFMT`). */
const typeBits = {
  fifo: 0o010000,
  chardev: 0o020000,
  dev: 0o060000,
  socket: 0o140000,
} as const satisfies Partial<Record<FileKind, number>>;

/** The kinds that {@link makeNode} makes. */
export type NodeKind = keyof typeof typeBits;

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
