import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { asBuffer, type Bytes, HoldfastError, ownUser, systemErrorCode } from '../../base/index.ts';
import { type FileOrPath, setMode, setOwner, setTimes, setXattrs, type Xattr } from '../../files/index.ts';
import { type NodeType, permissionsOf, type TreeNode } from '../format/tree-node.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Whether a file that is in the way may be removed. */
export interface MakeOptions {
  readonly replace: boolean;
}

/**
 * Makes an empty file, for its owner alone, and opens it for writing. It is always a new one: what is there, a symlink
 * above all, is never opened; with `replace` it is removed first, unless it is a directory.
 */
export function makeFile(path: Bytes, size: number, { replace }: MakeOptions): number {
  const handle = makingRoom(path, replace, () =>
    openSync(asBuffer(path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
  );
  try {
    // So that holes at the end count.
    if (size >= holeBytes) ftruncateSync(handle, size);
    return handle;
  } catch (error) {
    closeSync(handle);
    unlinkSync(asBuffer(path));
    throw error;
  }
}

/** Runs `make`, which makes `path`; when something else is there and `replace` allows it, removes that and runs it again. */
export function makingRoom<T>(path: Bytes, replace: boolean, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
    if (!replace) throw inTheWay();
    unlinkSync(asBuffer(path));
    return make();
  }
}

/** Something is where a file is to go, and may not be replaced. */
export function inTheWay(): HoldfastError {
  return new HoldfastError('target_not_empty', 'is there already, and is left as it is without --overwrite');
}

/** Opens a file that was made by {@link makeFile} again. */
export function reopenFile(path: Bytes): number {
  return openSync(asBuffer(path), O_WRONLY | O_NOFOLLOW);
}

/** Writes a piece of a file that was made by {@link makeFile}, leaving out what stays a hole. */
export function writePiece(handle: number, offset: number, piece: Bytes): void {
  for (const [start, end] of dataStretches(piece, offset)) {
    for (let at = start; at < end; ) at += writeSync(handle, piece, at, end - at, offset + at);
  }
}

/** Zeros in whole blocks of this size, by their place in the file, are not written: the file system keeps a hole. */
export const holeBytes = 64 * 1024;

const zeros = Buffer.alloc(holeBytes);

/** The stretches of a piece that must be written, as [start, end) in the piece, which begins at `offset` in its file. */
export function* dataStretches(piece: Bytes, offset: number): Generator<readonly [number, number]> {
  let start = 0;
  for (
    let at = (holeBytes - (offset % holeBytes)) % holeBytes;
    at + holeBytes <= piece.length;
    at += holeBytes
  ) {
    if (zeros.compare(piece, at, at + holeBytes) !== 0) continue;
    if (start < at) yield [start, at];
    start = at + holeBytes;
  }
  if (start < piece.length) yield [start, piece.length];
}

/**
 * What is wrong with a file:
 * - `damaged`: a blob of it cannot be opened;
 * - `different`: what is on disk is something else;
 * - `attributes`: its content is right, but owner, mode, times or xattrs are not;
 * - `full`: nothing more can be written to this disk;
 * - `system`: any other error of the system.
 */
export interface FileProblem {
  readonly kind: 'damaged' | 'different' | 'attributes' | 'full' | 'system';
  readonly message: string;
}

/** Codes of the system after which no other file can be written either. */
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** What the system's error, or an expected failure, says of a file; anything else is a bug and thrown on. */
export function systemProblem(error: unknown): FileProblem {
  if (!(error instanceof Error)) throw error;
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  return { kind: fullCodes.has(code) ? 'full' : 'system', message: error.message };
}

/** What a node says of a file beside its content; plain values that cross to a worker. */
export interface FileAttributes {
  readonly type: NodeType;
  /** POSIX permissions, 0 to 07777. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly Xattr[];
}

const noXattrs: readonly Xattr[] = [];
const setIdBits = 0o6000;

/** The attributes of a node. */
export function attributesOf(node: TreeNode): FileAttributes {
  const { type, uid, gid, atimeNs, mtimeNs, xattrs = noXattrs } = node;
  return { type, permissions: permissionsOf(node.mode), uid, gid, atimeNs, mtimeNs, xattrs };
}

/**
 * Gives what lies at `path` its attributes, and says which could not be given. The order matters: a change of owner clears
 * setuid and capabilities, a file may have to be writable for its xattrs, and everything touches the times.
 *
 * Whoever is not root can give nothing away: the owner and the system's own xattrs are then tried and silently left,
 * as `cp -p` does, and setuid and setgid are not set for another owner than was meant.
 *
 * @param handle of the file, when it is open: that saves looking it up each time
 */
export function applyAttributes(path: Bytes, attributes: FileAttributes, handle?: number): string[] {
  const target = handle ?? path;
  const { type, permissions, atimeNs, mtimeNs } = attributes;
  const problems: string[] = [];
  const attempt = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      problems.push(`${what}: ${systemProblem(error).message}`);
    }
  };
  let owned = false;
  attempt('owner', () => {
    owned = giveOwner(target, attributes);
  });
  // A directory can have been there before, with others.
  if (attributes.xattrs.length > 0 || type === 'dir') {
    attempt('extended attributes', () => problems.push(...giveXattrs(path, attributes.xattrs)));
  }
  if (type !== 'symlink') {
    attempt('mode', () => setMode(target, owned ? permissions : permissions & ~setIdBits));
  }
  attempt('times', () => setTimes(target, atimeNs, mtimeNs));
  return problems;
}

/** Whether the owner is now the one that was meant. */
function giveOwner(target: FileOrPath, { uid, gid }: FileAttributes): boolean {
  try {
    setOwner(target, uid, gid);
    return true;
  } catch (error) {
    if (isRoot() || systemErrorCode(error) !== 'EPERM') throw error;
    return false;
  }
}

function giveXattrs(path: Bytes, xattrs: readonly Xattr[]): string[] {
  return setXattrs(path, xattrs)
    .filter(({ name, error }) => isRoot() || name.startsWith('user.') || systemErrorCode(error) !== 'EPERM')
    .map(({ name, error }) => `extended attribute ${name}: ${systemProblem(error).message}`);
}

function isRoot(): boolean {
  return ownUser() === 0;
}
