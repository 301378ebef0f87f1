import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import {
  HoldfastError,
  isHoldfastError,
  isSystemError,
  readNoFollow,
  systemErrorCode,
} from '../../base/index.ts';
import { type Hole, nextHole } from '../../files/index.ts';
import { type CutFinder, maxChunkBytes, minChunkBytes, windowBytes } from '../kernel/rabin.ts';
import { type Arena, controlWords } from './arena.ts';
import { type Batch, type FileFailure, handleIn, unknownSize } from './messages.ts';
import type { ReadRing } from './read-ring.ts';

const readBytes = 2 ** 20;

/** Never through a symlink that took the file's place, and never waiting for the other end of a pipe that did. */

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Somebody may have told a pipe not to wait for what comes. */
function readWaiting(read: () => number): number {
  for (;;) {
    try {
      return read();
    } catch (error) {
      if (systemErrorCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

/** A file that is being read. */
interface Reading {
  readonly file: number;
  readonly fd: number;
  readonly expectedSize: number;
  /** How many of its bytes were read. */
  size: number;
  /** How many blobs were made of it. */
  blobs: number;
  /** Position of the chunk's first byte in the ring. */
  start: number;
  /** Where the chunk may end at the earliest, as far as was looked. */
  next: number;
  /** Whether it has holes. */
  readonly isSparse: boolean;
  /** The hole that it is in, or the next; undefined when there is no other. */
  hole: Hole | undefined;
}

/** Reads files into the ring and cuts them into chunks, which go to the sealers in batches. */
export class FileScanner {
  readonly #ring: ReadRing;
  readonly #sender: BatchSender;
  readonly #cuts: CutFinder;
  readonly #bytes: Uint8Array;
  readonly #zerosAt: number;

  constructor(arena: Arena, ring: ReadRing, sender: BatchSender, cuts: CutFinder) {
    this.#ring = ring;
    this.#sender = sender;
    this.#cuts = cuts;
    this.#bytes = new Uint8Array(arena.memory.buffer);
    this.#zerosAt = arena.zerosAt;
  }

  /** Reads one file from its beginning to its end, whatever that has become meanwhile; failures are reported, not thrown. */
  scan(file: number, path: Buffer, expectedSize: number): void {
    try {
      const handle = handleIn(path);
      if (handle === undefined) this.#open(file, path, expectedSize);
      else this.#read(file, handle, expectedSize);
    } catch (error) {
      if (!isSystemError(error) && !isHoldfastError(error, 'path_not_found')) throw error;
      this.#sender.addFailure(file, error);
    }
    this.#sender.sendIfFull(this.#ring.head);
  }

  #open(file: number, path: Buffer, expectedSize: number): void {
    const fd = openSync(path, readNoFollow);
    try {
      this.#read(file, fd, expectedSize);
    } finally {
      closeSync(fd);
    }
  }

  #read(file: number, fd: number, expectedSize: number): void {
    const start = this.#ring.head;
    const isSparse = expectedSize >= 2 * minChunkBytes && hasHoles(fd);
    const reading: Reading = {
      file,
      fd,
      expectedSize,
      size: 0,
      blobs: 0,
      start,
      next: start + minChunkBytes,
      isSparse,
      hole: isSparse ? nextHole(fd, 0) : undefined,
    };
    try {
      do this.#passHole(reading);
      while (this.#readPiece(reading) && this.#cut(reading));
      this.#cut(reading);
      if (expectedSize !== unknownSize && reading.size !== expectedSize) checkIsFile(fd);
    } catch (error) {
      this.#ring.head = reading.start;
      throw error;
    }
    if (this.#ring.head > reading.start) this.#emit(reading, this.#ring.head);
    this.#sender.addEnd(file, reading.blobs, reading.size);
  }

  /** @returns whether there may be more to read */
  #readPiece(reading: Reading): boolean {
    const wanted = this.#wantedBytes(reading);
    this.#makeRoom(reading, wanted);
    // What is no file may have no positions.
    const position = reading.isSparse ? reading.size : null;
    const at = this.#ring.addressOf(this.#ring.head);
    const count = readWaiting(() => readSync(reading.fd, this.#bytes, at, wanted, position));
    this.#ring.head += count;
    reading.size += count;
    return count === wanted || (count > 0 && reading.size !== reading.expectedSize);
  }

  #wantedBytes(reading: Reading): number {
    const open = this.#ring.head - reading.start;
    // In a hole the chunk ends where it may at the earliest; then {@link #passHole} goes on.
    if (holeAhead(reading) >= 2 * minChunkBytes) return Math.max(windowBytes, minChunkBytes - open);
    const expected = reading.expectedSize - reading.size;
    // One byte more than is expected, so that the end shows without a further call.
    return expected < 0 ? readBytes : Math.min(readBytes, expected + 1);
  }

  /**
   * Passes over a hole at the beginning of a chunk, unread. The digest of 64 zeros is zero, which ends a chunk: nothing but
   * zeros is cut into chunks of the smallest size.
   */
  #passHole(reading: Reading): void {
    if (this.#ring.head !== reading.start) return;
    while (holeAhead(reading) >= minChunkBytes) {
      this.#sender.addZeros(reading.file, reading.blobs, this.#zerosAt);
      reading.blobs++;
      reading.size += minChunkBytes;
      this.#sender.sendIfFull(this.#ring.head);
    }
  }

  #makeRoom(reading: Reading, wanted: number): void {
    if (this.#ring.straightRoom(reading.start) < wanted) {
      this.#sender.send(reading.start);
      const start = this.#ring.wrap(reading.start);
      reading.next += start - reading.start;
      reading.start = start;
    }
    const end = this.#ring.head + wanted;
    if (!this.#ring.isFree(end)) {
      this.#sender.send(reading.start);
      this.#ring.waitFor(end);
    }
  }

  /** Cuts as often as what was read allows; true. */
  #cut(reading: Reading): true {
    for (;;) {
      const longest = reading.start + maxChunkBytes;
      const limit = Math.min(this.#ring.head, longest);
      const cut = this.#find(reading, limit) ?? (limit === longest ? longest : undefined);
      if (cut === undefined) return true;
      this.#emit(reading, cut);
      this.#sender.sendIfFull(cut);
    }
  }

  #find(reading: Reading, limit: number): number | undefined {
    if (limit < reading.next) return undefined;
    const base = this.#ring.addressOf(reading.start) - reading.start;
    const found = this.#cuts.find(base + reading.next, base + limit);
    reading.next = limit + 1;
    return found === 0 ? undefined : found - base;
  }

  #emit(reading: Reading, end: number): void {
    const { file, blobs, start } = reading;
    this.#sender.addBlob(file, blobs, this.#ring.addressOf(start), end - start);
    reading.blobs++;
    reading.start = end;
    reading.next = end + minChunkBytes;
  }
}

/** How many bytes of a hole follow where the file is read; 0 where there is none. */
function holeAhead(reading: Reading): number {
  if (reading.hole !== undefined && reading.size >= reading.hole.end)
    reading.hole = nextHole(reading.fd, reading.size);
  return reading.hole !== undefined && reading.size >= reading.hole.start
    ? reading.hole.end - reading.size
    : 0;
}

/** Bytes of a block as `stat` counts them, whatever the file system has. */
const statBlockBytes = 512;

function hasHoles(fd: number): boolean {
  const stats = fstatSync(fd);
  return stats.isFile() && stats.blocks * statBlockBytes + minChunkBytes < stats.size;
}

/** What was looked at as a file may have been replaced by a pipe or a device before it was opened. */
function checkIsFile(fd: number): void {
  if (!fstatSync(fd).isFile()) {
    throw new HoldfastError('path_not_found', 'it was a file and is something else now');
  }
}

/** A batch is sent when it holds so many blobs, or so many bytes: one chunk of a large file is a batch of its own. */
const fullBlobs = 128;
const fullBytes = 512 * 1024;
/** A sealer that has so many batches waiting gets no more while another has fewer. */
const queueLimit = 2;

/** Collects what the scanner finds, and sends it to sealers chosen at random. */
export class BatchSender {
  readonly #ring: ReadRing;
  readonly #sealers: readonly MessagePort[];
  readonly #queued: Int32Array;
  #blobs: number[] = [];
  #bytes = 0;
  #ends: number[] = [];
  #failures: FileFailure[] = [];

  constructor(arena: Arena, ring: ReadRing, sealers: readonly MessagePort[]) {
    this.#ring = ring;
    this.#sealers = sealers;
    this.#queued = controlWords(arena).queued;
  }

  /** A piece of a file that lies in the ring; `index` says which of its blobs it is. */
  addBlob(file: number, index: number, address: number, length: number): void {
    this.#blobs.push(file, index, address, length);
    this.#bytes += length;
  }

  /** The smallest chunk of nothing but zeros, which lie at `address` for good. */
  addZeros(file: number, index: number, address: number): void {
    this.#blobs.push(file, index, address, minChunkBytes);
  }

  /** The end of a file. */
  addEnd(file: number, blobs: number, size: number): void {
    this.#ends.push(file, blobs, size);
  }

  /** The end of a file that could not be read. */
  addFailure(file: number, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#failures.push({ file, code: systemErrorCode(error) ?? '', message });
  }

  sendIfFull(end: number): void {
    const files = this.#ends.length / 3 + this.#failures.length;
    if (this.#bytes >= fullBytes || this.#blobs.length >= 4 * fullBlobs || files >= fullBlobs) this.send(end);
  }

  /** Sends what there is; `end` is the position in the ring where it ends. */
  send(end: number): void {
    if (this.#blobs.length + this.#ends.length + this.#failures.length === 0) return;
    const batch: Batch = {
      lease: this.#ring.lease(end),
      blobs: Int32Array.from(this.#blobs),
      results: { ends: Float64Array.from(this.#ends), failures: this.#failures },
    };
    const sealer = this.#choose();
    Atomics.add(this.#queued, sealer, 1);
    this.#sealers[sealer]?.postMessage(batch);
    this.#blobs = [];
    this.#ends = [];
    this.#failures = [];
    this.#bytes = 0;
  }

  #choose(): number {
    const chosen = Math.floor(Math.random() * this.#sealers.length);
    if (Atomics.load(this.#queued, chosen) < queueLimit) return chosen;
    let shortest = chosen;
    for (let sealer = 0; sealer < this.#sealers.length; sealer++) {
      if (Atomics.load(this.#queued, sealer) < Atomics.load(this.#queued, shortest)) shortest = sealer;
    }
    return shortest;
  }
}
