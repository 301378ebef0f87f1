import { Worker } from 'node:worker_threads';
import { concatBytes, workerEntry } from '../base/index.ts';
import type { CertificateRequest } from '../pki/index.ts';
import type { RequestBatch } from './request-batch.ts';
import { checkProof } from './request-rules.ts';

/** A request whose proof is looked at in the other thread. */
interface Waiting {
  readonly request: CertificateRequest;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Checks that requests prove their keys. One that comes alone is checked at once; when several come together a thread of
 * its own does it, since verifying is the longest step on the way to a certificate.
 */
export class RequestVerifier {
  /** Those of this turn of the event loop. */
  #arrived: Waiting[] = [];
  /** Those that are with the thread, in the order they went there. */
  #sent: Waiting[] = [];
  #worker: Worker | undefined;

  /** Resolves for a request that proves its key. Errors: as {@link checkProof} throws. */
  check(request: CertificateRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#arrived.push({ request, resolve, reject });
      if (this.#arrived.length === 1) setImmediate(() => this.#send());
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    if (batch.length === 1 && this.#sent.length === 0) return batch.forEach(checkHere);
    this.#sent.push(...batch);
    const ders = batch.map(({ request }) => request.der);
    // One piece of memory is handed over sooner than one for each request is copied.
    const bytes = new Uint8Array(concatBytes(...ders));
    const worker = this.#thread();
    worker.ref();
    worker.postMessage({ bytes, lengths: ders.map(({ length }) => length) } satisfies RequestBatch, [
      bytes.buffer,
    ]);
  }

  #thread(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  #start(): Worker {
    const worker = new Worker(workerEntry(import.meta.url, './request-verifier-worker'));
    worker.on('message', (proved: readonly boolean[]) => this.#settle(proved));
    worker.on('error', () => this.#lost(worker)).on('exit', () => this.#lost(worker));
    return worker;
  }

  #settle(proved: readonly boolean[]): void {
    for (const [index, waiting] of this.#sent.splice(0, proved.length).entries()) {
      if (proved[index] === true) waiting.resolve();
      // What is wrong is found out again, where its error can be told.
      else checkHere(waiting);
    }
    if (this.#sent.length === 0) this.#worker?.unref();
  }

  /** Without the thread it takes longer, and that is all. */
  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#sent.splice(0).forEach(checkHere);
  }
}

function checkHere({ request, resolve, reject }: Waiting): void {
  try {
    checkProof(request);
    resolve();
  } catch (error) {
    reject(error);
  }
}
