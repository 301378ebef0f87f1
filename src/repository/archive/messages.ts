import type { MessagePort } from 'node:worker_threads';
import type { Bytes, ErrorCode } from '../../base/index.ts';
import type { IgnoreOptions, WalkLimit } from '../../files/index.ts';
import type { RepositoryVersion } from '../format/config.ts';
import type { MasterKey } from '../format/unit.ts';
import type { Arena } from './arena.ts';
import type { WalkBatch } from './walk-batch.ts';

/** What the thread that walks is started with. */
export interface WalkRequest extends IgnoreOptions {
  /** Absolute, raw. */
  readonly paths: readonly Bytes[];
  readonly limit?: WalkLimit | undefined;
  /** One word: how many batches were dealt with, so that the walk does not get too far ahead. */
  readonly taken: SharedArrayBuffer;
}

/** From the thread that walks: steps, or why it cannot walk, where that is for people. */
export type WalkReply =
  | { readonly kind: 'batch'; readonly batch: WalkBatch }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** What the scanner is started with. */
export interface ScannerData {
  readonly arena: Arena;
  readonly polynomial: bigint;
  /** One port for each sealer. */
  readonly sealers: readonly MessagePort[];
}

/** What a sealer is started with. */
export interface SealerData {
  readonly arena: Arena;
  readonly sealer: number;
  readonly scanner: MessagePort;
  readonly known: SharedArrayBuffer;
  readonly masterKey: MasterKey;
  readonly version: RepositoryVersion;
}

/** To the scanner: files to read. They have numbers, from `first` on. */
export interface ScanRequest {
  readonly first: number;
  /** For each file its path, raw, and behind it a NUL. */
  readonly paths: Bytes;
  /** How long they were when they were looked at. */
  readonly sizes: Float64Array;
}

/** Of what comes out of a pipe. */
export const unknownSize = -1;

/** In place of a path, which is absolute: a file that this process has open. */
export function handlePath(handle: number): string {
  return `handle:${handle}`;
}

/** The handle that stands in place of a path; undefined for a path. */
export function handleIn(path: Buffer): number | undefined {
  const [, handle] = /^handle:(\d+)$/.exec(path.toString('latin1')) ?? [];
  return handle === undefined ? undefined : Number(handle);
}

/** From the scanner to a sealer: pieces of files that lie in the arena. */
export interface Batch {
  readonly lease: number;
  /** For each blob four words: file, which of its blobs, address, length. */
  readonly blobs: Int32Array;
  readonly results: FileResults;
}

/** Files that were read to their end, or that failed. */
export interface FileResults {
  /** For each file three numbers: file, how many blobs it has, how many bytes were read. */
  readonly ends: Float64Array;
  readonly failures: readonly FileFailure[];
}

/** A file that could not be read, with the system's error as far as it travels between threads. */
export interface FileFailure {
  readonly file: number;
  readonly code: string;
  readonly message: string;
}

/** To a sealer, from the main thread. */
export type SealerRequest =
  /** Close the open pack and say `flushed`. */
  | { readonly kind: 'flush' }
  /** Claim nothing more and say `parked`, until `known` comes. */
  | { readonly kind: 'park' }
  | { readonly kind: 'known'; readonly table: SharedArrayBuffer };

/** The first word of a sealer: what it works with is made. */
export const sealerReady = 'ready';

/** From a sealer to the main thread, after that. */
export type SealerReply =
  | SealedBatch
  | ({ readonly kind: 'pack' } & PackReply)
  | { readonly kind: 'flushed' }
  | { readonly kind: 'parked' };

/** What became of a batch. */
export interface SealedBatch {
  readonly kind: 'sealed';
  readonly blobs: Int32Array;
  /** Raw ids of the blobs, 32 bytes each. */
  readonly ids: Bytes;
  readonly results: FileResults;
  /** Blobs that were new. */
  readonly newBlobs: number;
  readonly newBytes: number;
  /** What those took in packs. */
  readonly packedBytes: number;
}

/** A pack that is to be uploaded. */
export interface PackReply {
  /** Raw SHA-256. */
  readonly id: Bytes;
  readonly size: number;
  /** The bytes of the pack; views of the arena unless `blocks` is empty. */
  readonly body: readonly Uint8Array[];
  /** To be released when they are uploaded. */
  readonly blocks: readonly number[];
  /** The plaintext of its header. */
  readonly header: Bytes;
}
