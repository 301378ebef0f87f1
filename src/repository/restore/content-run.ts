import type { Bytes } from '../../base/index.ts';
import type { FileAttributes } from './attributes.ts';
import type { FileProblem } from './file-problem.ts';

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

/** What a worker does with the pieces: write them, compare them with what is there, or only open the blobs. */
export type RunPurpose = 'write' | 'replace' | 'compare';

/** What became of a run. */
export interface RunResult {
  /** Blobs that could not be opened: index in the run, and why. */
  readonly damaged: readonly { readonly blob: number; readonly message: string }[];
  /** Files that went wrong for another reason: index in the run, and why. */
  readonly failed: readonly FileFailure[];
}

/** A problem of file `file` of a run. */
export interface FileFailure extends FileProblem {
  readonly file: number;
}

/** One message to a worker. */
export interface ReaderTask {
  readonly number: number;
  readonly run: ContentRun;
  readonly purpose: RunPurpose;
}

/** A worker's answer. */
export interface ReaderAnswer {
  readonly number: number;
  readonly result: RunResult;
}
