import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { asBuffer, type Bytes, systemErrorCode } from '../../base/index.ts';
import { dataStretches, holeBytes } from './data-stretches.ts';

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
  // So that holes at the end count.
  if (size >= holeBytes) ftruncateSync(handle, size);
  return handle;
}

/** Runs `make`, which makes `path`; when something else is there and `replace` allows it, removes that and runs it again. */
export function makingRoom<T>(path: Bytes, replace: boolean, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!replace || systemErrorCode(error) !== 'EEXIST') throw error;
    unlinkSync(asBuffer(path));
    return make();
  }
}

/** Writes a piece of a file that was made by {@link makeFile}, leaving out what stays a hole. */
export function writePiece(path: Bytes, handle: number | undefined, offset: number, piece: Bytes): void {
  const opened = handle ?? openSync(asBuffer(path), O_WRONLY | O_NOFOLLOW);
  try {
    for (const [start, end] of dataStretches(piece, offset)) {
      writeFully(opened, piece.subarray(start, end), offset + start);
    }
  } finally {
    closeSync(opened);
  }
}

function writeFully(handle: number, bytes: Bytes, offset: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, bytes.length - at, offset + at);
}
