import { Worker } from 'node:worker_threads';
import { type Bytes, type Secret, workerEntry } from '../../base/index.ts';
import type { MasterKey } from '../format/master-key.ts';
import type { PackToCheck } from './check-pack-bytes.ts';
import type { ContentRun, RunPurpose, RunResult } from './content-run.ts';

/** One message to a worker. */
export type ReaderTask = { readonly number: number } & (
  | { readonly kind: 'run'; readonly run: ContentRun; readonly purpose: RunPurpose }
  | ({ readonly kind: 'pack' } & PackToCheck)
);

/** A worker's answer. */
export interface ReaderAnswer {
  readonly number: number;
  readonly result: RunResult | string[];
}

type Result = RunResult | string[];

interface Reader {
  readonly worker: Worker;
  readonly underWay: Map<number, PromiseWithResolvers<Result>>;
}

/** Tasks in a worker at a time: one it works on, and one so that it need not wait for the main thread. */
const tasksEach = 2;

/** Workers that open blobs. They live until the pool is disposed of. */
export class ReaderPool implements AsyncDisposable {
  readonly #readers: readonly Reader[];
  /** Tasks for which no worker is free, first come, first served. */
  readonly #queue: (() => void)[] = [];
  #number = 0;
  #failure: Error | undefined;

  /** @param count how many workers; main has enough to do for one core, and little to do for a third */
  constructor(masterKey: Secret<MasterKey>, count = 2) {
    this.#readers = Array.from({ length: count }, () => this.#start(masterKey));
  }

  /** Opens the blobs of a run and does with their plaintexts what `purpose` says. Takes the run's bytes away. */
  async run(run: ContentRun, purpose: RunPurpose, signal?: AbortSignal): Promise<RunResult> {
    return (await this.#post({ kind: 'run', run, purpose }, run.bytes, signal)) as RunResult;
  }

  /** Checks a whole pack, and takes its bytes away. What is wrong with it, in sentences. */
  async check(pack: PackToCheck, signal?: AbortSignal): Promise<string[]> {
    return (await this.#post({ kind: 'pack', ...pack }, pack.bytes, signal)) as string[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error('the readers were stopped'));
    await Promise.all(this.#readers.map(async ({ worker }) => worker.terminate()));
  }

  #start(masterKey: Secret<MasterKey>): Reader {
    const worker = new Worker(workerEntry(import.meta.url, './reader-worker'), {
      workerData: masterKey.reveal(),
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const underWay = new Map<number, PromiseWithResolvers<Result>>();
    worker.on('message', ({ number, result }: ReaderAnswer) => {
      underWay.get(number)?.resolve(result);
      underWay.delete(number);
      this.#queue.shift()?.();
    });
    worker.on('error', (error) => this.#fail(error as Error));
    return { worker, underWay };
  }

  async #post(task: Untold<ReaderTask>, bytes: Bytes, signal?: AbortSignal): Promise<Result> {
    while (this.#failure === undefined && this.#leastBusy().underWay.size >= tasksEach) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const { worker, underWay } = this.#leastBusy();
    const number = this.#number++;
    const answer = Promise.withResolvers<Result>();
    underWay.set(number, answer);
    const own = ownBytes(bytes);
    const message =
      task.kind === 'run' ? { ...task, run: { ...task.run, bytes: own } } : { ...task, bytes: own };
    worker.postMessage({ ...message, number } satisfies ReaderTask, [own.buffer]);
    return await answer.promise;
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
    for (const start of this.#queue.splice(0)) start();
  }
}

type Untold<T> = T extends unknown ? Omit<T, 'number'> : never;

/** The same bytes with all of their memory to themselves, so that it can be handed over. */
function ownBytes(bytes: Bytes): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
