import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { asBuffer, type Bytes, HoldfastError, systemErrorCode } from '../../base/index.ts';

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
