import { Worker } from 'node:worker_threads';
import { HoldfastError, workerEntry } from '../../base/index.ts';
import type { Changes } from './archive-options.ts';
import type { WalkReply, WalkRequest } from './messages.ts';
import type { WalkBatch } from './walk-batch.ts';

/**
 * Walks the file system in a thread, ahead of whoever saves what is found, so that half of what a file costs that has not
 * changed is spent on another core. The thread ends when this is disposed of.
 */
export class WalkAhead implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #changes: Changes;
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  readonly #batches: WalkBatch[] = [];
  #isOver = false;

  /** @param changes told of what comes, and of what goes wrong */
  constructor(request: Omit<WalkRequest, 'taken'>, changes: Changes) {
    this.#changes = changes;
    const workerData: WalkRequest = { ...request, taken: this.#taken.buffer };
    this.#worker = new Worker(workerEntry(import.meta.url, './walk-ahead-worker'), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      execArgv: [],
    });
    this.#worker.on('message', (reply: WalkReply) => this.#take(reply));
    this.#worker.on('error', (error) => changes.fail(error));
    this.#worker.on('exit', (code) => {
      if (!this.#isOver) changes.fail(new Error(`the thread that walks ended with code ${code}`));
    });
  }

  /** The batches in their order. */
  async *batches(): AsyncGenerator<WalkBatch, void, undefined> {
    for (let isLast = false; !isLast; ) {
      const batch = this.#batches.shift();
      if (batch === undefined) {
        await this.#changes.next();
        continue;
      }
      yield batch;
      ({ isLast } = batch);
      Atomics.add(this.#taken, 0, 1);
      Atomics.notify(this.#taken, 0);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#worker.terminate();
  }

  #take(reply: WalkReply): void {
    if (reply.kind === 'failed') {
      const { code, message, hint } = reply;
      this.#changes.fail(new HoldfastError(code, message, hint === undefined ? {} : { hint }));
      return;
    }
    this.#isOver ||= reply.batch.isLast;
    this.#batches.push(reply.batch);
    this.#changes.notify();
  }
}
