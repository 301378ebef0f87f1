import type { KeyObject } from 'node:crypto';
import { parentPort, Worker } from 'node:worker_threads';
import type { Bytes } from '../../base/index.ts';

/**
 * A thread that signs, started with the first batch. It keeps no process alive that waits for nothing from it. Keys go
 * there once: a key that arrives is a new object, and asking it what it is takes as long as signing.
 */
export class SigningThread {
  readonly #entry: URL;
  /** Those who wait for a batch, in its order. */
  readonly #waiting: PromiseWithResolvers<Packed>[] = [];
  readonly #keys = new Map<KeyObject, number>();
  #worker: Worker | undefined;

  /** @param entry the program of the thread, which calls `answerBatches` */
  constructor(entry: URL) {
    this.#entry = entry;
  }

  /** Whether nobody waits for it. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** What the thread makes of these pieces with this key. Rejects when the thread is lost; the next batch starts another. */
  ask(key: KeyObject | undefined, pieces: readonly Bytes[]): Promise<Packed> {
    const worker = (this.#worker ??= this.#start());
    const batch: SigningBatch = { ...this.#known(key), pieces: pack(pieces) };
    const waiting = Promise.withResolvers<Packed>();
    this.#waiting.push(waiting);
    worker.ref();
    worker.postMessage(batch, [batch.pieces.bytes.buffer]);
    return waiting.promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #known(key: KeyObject | undefined): Omit<SigningBatch, 'pieces'> {
    if (key === undefined) return {};
    const known = this.#keys.get(key);
    if (known !== undefined) return { key: known };
    const number = this.#keys.size;
    this.#keys.set(key, number);
    return { key: number, newKey: key };
  }

  #start(): Worker {
    const worker = new Worker(this.#entry);
    worker.on('message', (answer: Packed) => this.#settle(answer));
    worker.on('error', () => this.#lost(worker)).on('exit', () => this.#lost(worker));
    return worker;
  }

  #settle(answer: Packed): void {
    this.#waiting.shift()?.resolve(answer);
    if (this.isIdle) this.#worker?.unref();
  }

  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#keys.clear();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the thread that signs has ended'));
  }
}

/** Work for a thread that signs. */
interface SigningBatch {
  /** The number of the key that signs, counted from 0; absent when there is nothing to sign. */
  readonly key?: number;
  /** That key, when the thread has not had it before. */
  readonly newKey?: KeyObject;
  readonly pieces: Packed;
}

/** Pieces in one memory, one after the other: it is handed over sooner than many are copied. */
interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: readonly number[];
}

/** Puts pieces into a memory of their own. */
function pack(pieces: readonly Bytes[]): Packed {
  const lengths = pieces.map(({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return { bytes, lengths };
}

/** Views of the pieces. */
export function unpack({ bytes, lengths }: Packed): Bytes[] {
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}

/** The other side of a `SigningThread`: answers each batch with the pieces that `answer` makes of it. */
export function answerBatches(
  answer: (pieces: readonly Bytes[], key: KeyObject | undefined) => readonly Bytes[],
): void {
  const port = parentPort;
  if (port === null) throw new TypeError('this is the program of a thread');
  const keys: KeyObject[] = [];
  port.on('message', ({ key, newKey, pieces }: SigningBatch) => {
    if (key !== undefined && newKey !== undefined) keys[key] = newKey;
    const answered = pack(answer(unpack(pieces), key === undefined ? undefined : keys[key]));
    port.postMessage(answered, [answered.bytes.buffer]);
  });
}

/** What the thread answers instead of a signature, which is always longer. */
export const [notProven, isProven]: readonly [Bytes, Bytes] = [Uint8Array.of(0), Uint8Array.of(1)];
