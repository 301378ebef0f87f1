import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { MasterKey } from '../format/unit.ts';
import type { FileInWork, PlannedPiece, PlannedRun } from './content-plan.ts';
import type { FileAttributes, FileProblem } from './write-file.ts';

/**
 * A stretch of one pack, the blobs in it that are wanted, and where their plaintexts belong. What main reads and a
 * worker opens; columns instead of objects, because a stretch of small files has a thousand blobs.
 */
export interface ContentRun {
  /** The stretch as it is stored. */
  readonly bytes: Bytes;
  readonly blobs: RunBlobs;
  readonly pieces: RunPieces;
  readonly files: readonly RunFile[];
}

/** The wanted blobs by their place in the stretch. */
export interface RunBlobs {
  /** Where each encrypted unit begins in the stretch, and how long it is. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Length of each plaintext. */
  readonly plainLengths: Uint32Array;
  /** 1 where the plaintext was compressed. */
  readonly compressed: Uint8Array;
  /** 1 where the blob is a directory. */
  readonly trees: Uint8Array;
  /** The raw ids, 32 bytes each. */
  readonly ids: Bytes;
}

/** Where the plaintexts go, by blob: one blob can be a piece of several files, and several pieces of one. */
export interface RunPieces {
  /** Index of the piece's blob; ascending. */
  readonly blobs: Uint32Array;
  /** Index of the piece's file. */
  readonly files: Uint32Array;
  /** Where in the file the piece begins. */
  readonly offsets: Float64Array;
}

/** A file that some piece of a run belongs to. */
export interface RunFile {
  /** Absolute, its bytes as latin1: a string crosses to a worker faster than an array. Empty: only open its blobs. */
  readonly path: string;
  /** How many pieces of it are in the run. */
  readonly pieces: number;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Set when it is to be written and all of its content is in the run: the worker makes it whole on its own. */
  readonly whole: FileAttributes | undefined;
}

/**
 * What a worker does with the pieces: write them, compare them with what is there, or only open the blobs; or seal the blobs, as they
 * are stored, under another key.
 */
export type RunPurpose = 'write' | 'replace' | 'compare' | 'seal';

/** What became of a run. */
export interface RunResult {
  /** Blobs that could not be opened: index in the run, and why. */
  readonly damaged: readonly { readonly blob: number; readonly message: string }[];
  /** Files that went wrong for another reason: index in the run, and why. */
  readonly failed: readonly FileFailure[];
  /** The stretch with its blobs under the other key, where that was asked for. */
  readonly sealed?: Bytes;
}

/** A problem of file `file` of a run. */
export interface FileFailure extends FileProblem {
  readonly file: number;
}

/** What a worker is to do with a run. */
export interface ReaderTask {
  readonly number: number;
  readonly run: ContentRun;
  readonly purpose: RunPurpose;
}

/** What a worker is told: to end when it is through with what it was given before. */
export type ReaderRequest = ReaderTask | 'end';

/** A worker's answer. */
export interface ReaderAnswer {
  readonly number: number;
  readonly result: RunResult;
}

const noPieces = { blobs: new Uint32Array(), files: new Uint32Array(), offsets: new Float64Array() };

/** A run of which no file is made: its blobs are opened alone. */
export function blobRun(bytes: Bytes, blobs: RunBlobs): ContentRun {
  return { bytes, blobs, pieces: noPieces, files: [] };
}

/** The keys of a worker. */
export interface ReaderKeys {
  readonly open: MasterKey;
  /** Under which blobs are sealed. */
  readonly seal?: MasterKey;
}

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
    trees: Uint8Array.from(slots, (slot) => (index.isTree(slot) ? 1 : 0)),
    ids,
  };
}
