import { Worker } from 'node:worker_threads';
import { type Bytes, concatBytes, workerEntry } from '../base/index.ts';
import type { CertificateRequest } from '../pki/index.ts';
import type { IssuingBatch, IssuingResult } from './issuing-batch.ts';
import type { LeafDraft } from './leaf-draft.ts';
import { checkProof } from './request-rules.ts';

/** A request whose proof is looked at in the other thread. */
interface Waiting {
  readonly request: CertificateRequest;
  /** What it is to get, where that is known already. */
  readonly draft: LeafDraft | undefined;
  readonly resolve: (signature: Bytes | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A thread that does what takes longest on the way to a certificate: checks that requests prove their keys, and signs what
 * they are to get. A request that comes alone is checked at once; when several come together they go to the thread. What
 * comes while it works goes there together when it is done: waking it costs nearly as much as one check.
 */
export class IssuingThread {
  /** Those that have not gone there yet. */
  #arrived: Waiting[] = [];
  /** Those that are with the thread. */
  #sent: Waiting[] = [];
  #worker: Worker | undefined;

  /**
   * Resolves for a request that proves its key; with the signature of its draft when that is made already, else it is left
   * to whoever issues. Errors: as {@link checkProof} throws.
   */
  check(request: CertificateRequest, draft?: LeafDraft): Promise<Bytes | undefined> {
    return new Promise((resolve, reject) => {
      this.#arrived.push({ request, draft, resolve, reject });
      if (this.#arrived.length === 1 && this.#sent.length === 0) setImmediate(() => this.#send());
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #send(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    if (batch.length === 1) return batch.forEach(checkHere);
    this.#sent = batch;
    const worker = this.#thread();
    worker.ref();
    const message = messageFor(batch);
    worker.postMessage(message, [message.bytes.buffer]);
  }

  #thread(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  #start(): Worker {
    const worker = new Worker(workerEntry(import.meta.url, './issuing-worker'));
    worker.on('message', (results: readonly IssuingResult[]) => this.#settle(results));
    worker.on('error', () => this.#lost(worker)).on('exit', () => this.#lost(worker));
    return worker;
  }

  #settle(results: readonly IssuingResult[]): void {
    for (const [index, waiting] of this.#sent.splice(0).entries()) settle(waiting, results[index] ?? false);
    this.#worker?.unref();
    if (this.#arrived.length > 0) this.#send();
  }

  /** Without the thread it takes longer, and that is all. */
  #lost(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#sent.splice(0).forEach(checkHere);
    if (this.#arrived.length > 0) this.#send();
  }
}

/** One piece of memory is handed over sooner than one for each request is copied. */
function messageFor(batch: readonly Waiting[]): IssuingBatch & { readonly bytes: Uint8Array<ArrayBuffer> } {
  const key = batch.findLast(({ draft }) => draft !== undefined)?.draft?.issuer.issuingKey;
  // A draft of an issuing certificate that was replaced meanwhile is of no use.
  const tbsOf = ({ draft }: Waiting) => (draft?.issuer.issuingKey === key ? draft?.tbs : undefined);
  const pieces = batch.flatMap((waiting) => [waiting.request.der, tbsOf(waiting) ?? new Uint8Array()]);
  const bytes = new Uint8Array(concatBytes(...pieces));
  return { bytes, lengths: pieces.map(({ length }) => length), key };
}

function settle(waiting: Waiting, result: IssuingResult): void {
  if (result === false) checkHere(waiting);
  else waiting.resolve(result === true ? undefined : result);
}

function checkHere({ request, resolve, reject }: Waiting): void {
  try {
    checkProof(request);
    resolve(undefined);
  } catch (error) {
    reject(error);
  }
}
