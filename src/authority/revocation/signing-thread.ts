import { Worker } from 'node:worker_threads';
import { type Bytes, workerEntry } from '../../base/index.ts';
import type { OcspSigner } from '../../pki/index.ts';
import { type Packed, pack, type SigningBatch, unpack } from './signing-batch.ts';

/** A text whose signature is waited for. */
interface Waiting {
  readonly text: Bytes;
  readonly by: OcspSigner;
  readonly resolve: (signature: Bytes) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread begins with so many while the next are still being read. */
const maxBatch = 4;

/**
 * A thread that signs, because signing is the longest step on the way to an answer. A text that comes alone is signed at
 * once; several that come together go there together: waking it costs nearly as much as one signature.
 */
export class SigningThread {
  /** Those of this turn of the event loop that have not gone there yet, all for one signer. */
  #arrived: Waiting[] = [];
  /** The batches that are with the thread, in their order. */
  #sent: Waiting[][] = [];
  #worker: Worker | undefined;
  /** What the thread knows keys by. */
  #keys = new Map<OcspSigner, number>();

  /** The signature of a text. Errors: as {@link Signer} throws. */
  sign(text: Bytes, by: OcspSigner): Promise<Bytes> {
    return new Promise((resolve, reject) => {
      if (this.#arrived[0] !== undefined && this.#arrived[0].by !== by) this.#send();
      this.#arrived.push({ text, by, resolve, reject });
      if (this.#arrived.length === maxBatch) this.#send();
      else if (this.#arrived.length === 1) setImmediate(() => this.#send());
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    const [first] = batch;
    if (first === undefined) return;
    if (batch.length === 1 && this.#sent.length === 0) return signHere(first);
    this.#sent.push(batch);
    this.#worker ??= this.#start();
    this.#worker.ref();
    const message = this.#messageFor(batch, first.by);
    this.#worker.postMessage(message, [message.texts.bytes.buffer]);
  }

  #messageFor(batch: readonly Waiting[], by: OcspSigner): SigningBatch {
    const texts = pack(batch.map(({ text }) => text));
    const known = this.#keys.get(by);
    if (known !== undefined) return { key: known, texts };
    const key = this.#keys.size;
    this.#keys.set(by, key);
    return { newKey: by.privateKey, key, texts };
  }

  #start(): Worker {
    const worker = new Worker(workerEntry(import.meta.url, './signing-worker'));
    worker.on('message', (signatures: Packed) => this.#settle(signatures));
    worker.on('error', () => this.#lost(worker)).on('exit', () => this.#lost(worker));
    return worker;
  }

  #settle(signatures: Packed): void {
    const batch = this.#sent.shift() ?? [];
    for (const [index, signature] of unpack(signatures).entries()) batch[index]?.resolve(signature);
    if (this.#sent.length === 0) this.#worker?.unref();
  }

  /** Without the thread it takes longer, and that is all. */
  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#keys = new Map();
    for (const waiting of this.#sent.splice(0).flat()) signHere(waiting);
  }
}

function signHere({ text, by, resolve, reject }: Waiting): void {
  try {
    resolve(by.signer.sign(text));
  } catch (error) {
    reject(error);
  }
}
