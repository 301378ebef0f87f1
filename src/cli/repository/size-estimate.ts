import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../base/index.ts';
import type { EstimateRequest } from './size-estimate-worker.ts';

/**
 * How many bytes a backup will read, found by a walk of its own beside the backup, for people who watch: without it
 * nobody could say how long it takes. Zero until the walk is through.
 */
export class SizeEstimate implements Disposable {
  readonly #worker: Worker;
  #bytes = 0;

  constructor(request: EstimateRequest) {
    this.#worker = new Worker(workerEntry(import.meta.url, './size-estimate-worker'), {
      workerData: request,
    });
    this.#worker.on('message', (bytes: number) => {
      this.#bytes = bytes;
    });
    // A guess that cannot be made is no reason to trouble the backup.
    this.#worker.on('error', () => {});
    this.#worker.unref();
  }

  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }
}
