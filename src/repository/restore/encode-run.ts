import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { FileInWork, PlannedPiece, PlannedRun } from './content-plan.ts';
import type { ContentRun, RunBlobs, RunFile } from './content-run.ts';

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

const idSize = 32;

/** The blobs at some slots of an index as the columns of a run that begins at `start` of their pack. */
export function runBlobsOf(index: BlobIndex, slots: readonly number[], start: number): RunBlobs {
  const all = index.ids;
  const ids = new Uint8Array(slots.length * idSize);
  for (const [at, slot] of slots.entries()) {
    ids.set(all.subarray(slot * idSize, (slot + 1) * idSize), at * idSize);
  }
  return {
    offsets: Uint32Array.from(slots, (slot) => index.offsetAt(slot) - start),
    lengths: Uint32Array.from(slots, (slot) => index.lengthAt(slot)),
    plainLengths: Uint32Array.from(slots, (slot) => index.plainLengthAt(slot)),
    compressed: Uint8Array.from(slots, (slot) => (index.isCompressedAt(slot) ? 1 : 0)),
    ids,
  };
}
