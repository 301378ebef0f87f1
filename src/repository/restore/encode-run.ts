import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { FileInWork, PlannedPiece, PlannedRun } from './content-plan.ts';
import type { ContentRun, RunFile } from './content-run.ts';
import { runBlobsOf } from './run-blobs.ts';

/** A run as workers take it. */
export interface EncodedRun {
  readonly run: ContentRun;
  /** The slots of the blobs, in the order of their indexes there. */
  readonly slots: readonly number[];
  /** The files, in the order of their indexes there. */
  readonly files: readonly FileInWork[];
  readonly pieces: readonly PlannedPiece[];
}

/**
 * Puts a planned run and its stretch of the pack into columns, without the pieces of files that cannot be had any more.
 * Every file's `place` must be known, save that of one which is whole in this run.
 */
export function encodeRun(planned: PlannedRun, bytes: Bytes, index: BlobIndex): EncodedRun {
  const pieces = planned.pieces.filter(({ file }) => file.problem === undefined);
  const slots: number[] = [];
  const numbers = new Map<FileInWork, number>();
  const counts: number[] = [];
  const columns = {
    blobs: new Uint32Array(pieces.length),
    files: new Uint32Array(pieces.length),
    offsets: new Float64Array(pieces.length),
  };
  for (const [at, { file, offset, slot }] of pieces.entries()) {
    if (slot !== slots.at(-1)) slots.push(slot);
    const number = numbers.get(file) ?? numbers.size;
    numbers.set(file, number);
    counts[number] = (counts[number] ?? 0) + 1;
    columns.blobs[at] = slots.length - 1;
    columns.files[at] = number;
    columns.offsets[at] = offset;
  }
  const files = [...numbers.keys()];
  const run = {
    bytes,
    blobs: runBlobsOf(index, slots, planned.start),
    pieces: columns,
    files: files.map((file, number) => runFile(file, counts[number] ?? 0)),
  };
  return { run, slots, files, pieces };
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
