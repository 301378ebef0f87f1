import type { MessagePort } from 'node:worker_threads';
import { systemErrorCode } from '../../base/index.ts';
import { type Arena, controlWords } from './arena.ts';
import type { Batch, FileFailure } from './messages.ts';
import type { ReadRing } from './read-ring.ts';

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
