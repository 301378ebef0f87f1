import { type BigIntStats, lstatSync, statSync } from 'node:fs';
import { asBuffer, type Bytes } from '../base/index.ts';

/** What a name in a directory is, in restic's words (restic design document, "Trees and Data"). */
export type FileKind = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular';

/** What `lstat` says, times in nanoseconds since 1970. */
export interface FileStat {
  readonly kind: FileKind;
  /** Permission bits, setuid, setgid and sticky included (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; what it means for anything but a file is the system's business. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  readonly links: number;
  /** Which device a `dev` or `chardev` stands for, as the system encodes it. */
  readonly rdev: bigint;
}

/** Describes `path` itself, never what a symlink points to. Throws the system's error. */
export function lstat(path: Bytes): FileStat {
  // Node's own call takes 2 µs, as statx through koffi does.
  return fileStat(lstatSync(asBuffer(path), { bigint: true }));
}

/** Describes what `path` leads to, through symlinks. Throws the system's error. */
export function stat(path: Bytes): FileStat {
  return fileStat(statSync(asBuffer(path), { bigint: true }));
}

/** The same from what Node's `fs` says, of an open file for instance. */
function fileStat(stats: BigIntStats): FileStat {
  const mode = Number(stats.mode);
  return {
    kind: kinds[mode >> 12] ?? 'irregular',
    mode: mode & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    atimeNs: stats.atimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
    links: Number(stats.nlink),
    rdev: stats.rdev,
  };
}

/** By the four type bits of `st_mode` (POSIX `S_IFMT`). */
const kinds: Readonly<Record<number, FileKind>> = {
  0o01: 'fifo',
  0o02: 'chardev',
  0o04: 'dir',
  0o06: 'dev',
  0o10: 'file',
  0o12: 'symlink',
  0o14: 'socket',
};
