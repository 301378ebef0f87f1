import { Worker } from 'node:worker_threads';
import { type Bytes, type Secret, workerEntry } from '../../base/index.ts';
import type { MasterKey } from '../format/unit.ts';
import type {
  ContentRun,
  ReaderAnswer,
  ReaderKeys,
  ReaderRequest,
  RunPurpose,
  RunResult,
} from './content-run.ts';

interface Reader {
  readonly worker: Worker;
  readonly underWay: Map<number, PromiseWithResolvers<RunResult>>;
  readonly ended: Promise<void>;
}

/** Main has enough to do for one core, and little to do for a third. */
const workers = 2;
/** Tasks in a worker at a time: one it works on, and one so that it need not wait for the main thread. */
const tasksEach = 2;

/** Workers that open blobs. They live until the pool is disposed of. */
export class ReaderPool implements AsyncDisposable {
  readonly #readers: readonly Reader[];
  /** Runs for which no worker is free, first come, first served. */
  readonly #queue: (() => void)[] = [];
  #number = 0;
  #failure: Error | undefined;

  /** @param seal under which key blobs are sealed again, where that is wanted */
  constructor(open: Secret<MasterKey>, seal?: Secret<MasterKey>) {
    const keys = { open: open.reveal(), ...(seal && { seal: seal.reveal() }) };
    this.#readers = Array.from({ length: workers }, () => this.#start(keys));
  }

  /**
   * Opens the blobs of a run and does with their plaintexts what `purpose` says. Takes the run's bytes away. When the signal
   * fires a run that no worker has is rejected; one that a worker has is done first, so that it leaves nothing half done.
   */
  async run(run: ContentRun, purpose: RunPurpose, signal?: AbortSignal): Promise<RunResult> {
    while (this.#failure === undefined && this.#leastBusy().underWay.size >= tasksEach) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const { worker, underWay } = this.#leastBusy();
    const number = this.#number++;
    const answer = Promise.withResolvers<RunResult>();
    underWay.set(number, answer);
    const bytes = ownBytes(run.bytes);
    worker.postMessage({ number, run: { ...run, bytes }, purpose } satisfies ReaderRequest, [bytes.buffer]);
    return await answer.promise;
  }

  /**
   * Ends the workers when they have done what they have. They end by themselves: Node aborts the process when a worker is
   * terminated while it makes a zstd context (24.19; `close before init`).
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error('the readers were stopped'));
    for (const { worker } of this.#readers) worker.postMessage('end' satisfies ReaderRequest, []);
    await Promise.all(this.#readers.map(({ ended }) => ended));
  }

  #start(workerData: ReaderKeys): Reader {
    const worker = new Worker(workerEntry(import.meta.url, './reader-worker'), {
      workerData,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const underWay = new Map<number, PromiseWithResolvers<RunResult>>();
    worker.on('message', ({ number, result }: ReaderAnswer) => {
      underWay.get(number)?.resolve(result);
      underWay.delete(number);
      this.#wake();
    });
    worker.on('error', (error) => this.#fail(error as Error));
    worker.on('exit', () => this.#fail(new Error('a reader stopped')));
    return { worker, underWay, ended: new Promise((resolve) => worker.once('exit', () => resolve())) };
  }

  #leastBusy(): Reader {
    return this.#readers.reduce((least, next) => (next.underWay.size < least.underWay.size ? next : least));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { underWay } of this.#readers) {
      for (const { reject } of underWay.values()) reject(this.#failure);
      underWay.clear();
    }
    this.#wake();
  }

  /** All of them, because one that is aborted would not pass it on. */
  #wake(): void {
    for (const start of this.#queue.splice(0)) start();
  }
}

/** The same bytes with all of their memory to themselves, so that it can be handed over. */
function ownBytes(bytes: Bytes): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
