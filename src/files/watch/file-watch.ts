import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { type Bytes, HoldfastError, workerEntry } from '../../base/index.ts';
import { callLibc } from '../libc.ts';
import type { WatchCommand, WatchOptions, WatchReport } from './watch-messages.ts';

/** Who is told. */
export interface FileWatchListener {
  readonly onReport: (report: WatchReport) => void;
  /** Nothing is told from then on. */
  readonly onFailure: (error: unknown) => void;
}

/** `EFD_CLOEXEC`. */
const wakeFlags = 0o2000000;
const what: Bytes = Buffer.from('watch');

/**
 * Tells what changes in the file system, from a thread that costs no processor while nothing does. The first report of what is watched
 * comes when all of it is, and says that anything may have changed.
 */
export class FileWatch implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #wake: number;
  readonly #ended = Promise.withResolvers<void>();
  #isOver = false;

  /** @throws HoldfastError `platform_unsupported` where the system has no inotify(7) */
  constructor({ onReport, onFailure }: FileWatchListener) {
    checkWatchable();
    this.#wake = callLibc('eventfd', what, 0, wakeFlags);
    this.#worker = new Worker(workerEntry(import.meta.url, './watch-worker'), {
      workerData: { wake: this.#wake },
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
      // Handles of the kernel's queues are none of Node's.
      trackUnmanagedFds: false,
      execArgv: [],
    });
    this.#worker.on('message', onReport);
    this.#worker.on('error', (error) => {
      this.#isOver = true;
      onFailure(error);
    });
    this.#worker.on('exit', (code) => {
      if (!this.#isOver) onFailure(new Error(`the thread that watches ended with code ${code}`));
      this.#isOver = true;
      closeSync(this.#wake);
      this.#ended.resolve();
    });
  }

  /** Watches what a backup with these options would find; what was watched under this id no more. */
  watch(id: string, options: WatchOptions): void {
    this.#tell({ kind: 'watch', id, options });
  }

  unwatch(id: string): void {
    this.#tell({ kind: 'unwatch', id });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tell({ kind: 'end' });
    this.#isOver = true;
    await this.#ended.promise;
  }

  #tell(command: WatchCommand): void {
    if (this.#isOver) return;
    this.#worker.postMessage(command, []);
    writeSync(this.#wake, one);
  }
}

/** What is added to the count that a thread waits for (eventfd(2)), in the order of bytes of either machine. */
const one = Buffer.from(BigUint64Array.of(1n).buffer);

/** @throws HoldfastError `platform_unsupported` where nothing tells what changes */
export function checkWatchable(): void {
  if (process.platform === 'linux') return;
  throw new HoldfastError(
    'platform_unsupported',
    `nothing tells what changes on ${process.platform}: live backup needs Linux`,
    { hint: 'name a short time instead: --every 15m' },
  );
}
