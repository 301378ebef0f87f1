import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobLocation } from '../format/blob-index.ts';
import type { FileInWork, PlannedPiece, PlannedRun } from './content-plan.ts';
import type { ContentRun, RunFile } from './content-run.ts';
import { runBlobsOf } from './run-blobs.ts';

/** A run as workers take it, and its files in the order of their indexes there. */
export interface EncodedRun {
  readonly run: ContentRun;
  /** The blobs, in the order of their indexes there. */
  readonly blobs: readonly BlobLocation[];
  readonly files: readonly FileInWork[];
  readonly pieces: readonly PlannedPiece[];
}

/**
 * Puts a planned run and its stretch of the pack into columns, without the pieces of files that cannot be had any more.
 * Every file's `place` must be known, save that of one which is whole in this run.
 */
export function encodeRun(planned: PlannedRun, bytes: Bytes): EncodedRun {
  const pieces = planned.pieces.filter(({ file }) => file.problem === undefined);
  const blobs = pieces
    .filter(({ blob }, at) => blob.offset !== pieces[at - 1]?.blob.offset)
    .map((piece) => piece.blob);
  const numbers = new Map<FileInWork, number>();
  const counts: number[] = [];
  const columns = {
    blobs: new Uint32Array(pieces.length),
    files: new Uint32Array(pieces.length),
    offsets: Float64Array.from(pieces, ({ offset }) => offset),
  };
  let blob = -1;
  for (const [at, piece] of pieces.entries()) {
    if (piece.blob.offset !== pieces[at - 1]?.blob.offset) blob++;
    const number = numbers.get(piece.file) ?? numbers.size;
    numbers.set(piece.file, number);
    counts[number] = (counts[number] ?? 0) + 1;
    columns.blobs[at] = blob;
    columns.files[at] = number;
  }
  const files = [...numbers.keys()];
  const runFiles = files.map((file, number) => runFile(file, counts[number] ?? 0));
  const run = { bytes, blobs: runBlobsOf(blobs, planned.start), pieces: columns, files: runFiles };
  return { run, blobs, files, pieces };
}

function runFile(file: FileInWork, pieces: number): RunFile {
  const { path, attributes } = file.wanted;
  return {
    path: asBuffer(file.place ?? path).toString('latin1'),
    pieces,
    size: file.size,
    whole: file.runs === 1 ? attributes : undefined,
  };
}
