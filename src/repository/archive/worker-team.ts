import { availableParallelism } from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import { asBuffer, workerEntry } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { Repository } from '../repository.ts';
import type { Arena } from './arena.ts';
import type { KnownBlobs } from './known-blobs.ts';
import type {
  FileFailure,
  ScannerData,
  ScanRequest,
  SealedBatch,
  SealerData,
  SealerReply,
  SealerRequest,
} from './messages.ts';

/** Small, so that many short-lived objects do not make the process grow; old space only has code and a few tables. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Two at least, for the packs must be two, and no more than the arena has packs for. */
export function sealerCount(): number {
  return Math.min(4, Math.max(2, availableParallelism()));
}

/** What a team tells. */
interface WorkerTeamEvents {
  readonly onReply: (reply: SealerReply) => void;
  /** A worker threw, or ended before it was told to. */
  readonly onFailure: (error: unknown) => void;
}

/** The scanner and the sealers, with a line from the one to each of the others. */
export class WorkerTeam {
  readonly #scanner: Worker;
  readonly #sealers: readonly Worker[];
  /** Resolved when a sealer is ready, or has ended before it was. */
  readonly #ready: Promise<void>[] = [];
  #closing = false;

  constructor(arena: Arena, repository: Repository, known: KnownBlobs, events: WorkerTeamEvents) {
    const channels = Array.from({ length: arena.sealers }, () => new MessageChannel());
    const scannerPorts = channels.map((channel) => channel.port1);
    const scannerData: ScannerData = { arena, polynomial: repository.polynomial, sealers: scannerPorts };
    this.#scanner = this.#start(workerEntry(import.meta.url, './scanner'), scannerData, scannerPorts, events);
    this.#sealers = channels.map(({ port2 }, sealer) => {
      const data: SealerData = {
        arena,
        sealer,
        scanner: port2,
        known: known.table,
        masterKey: repository.masterKey.reveal(),
        version: repository.version,
      };
      const worker = this.#start(workerEntry(import.meta.url, './sealer'), data, [port2], events);
      this.#ready.push(
        new Promise((resolve) => {
          worker.once('exit', () => resolve());
          worker.once('message', () => {
            worker.on('message', events.onReply);
            resolve();
          });
        }),
      );
      return worker;
    });
  }

  scan(request: ScanRequest): void {
    this.#scanner.postMessage(request, []);
  }

  askAll(request: SealerRequest): void {
    for (const sealer of this.#sealers) sealer.postMessage(request, []);
  }

  /**
   * Ends the workers wherever they are, once the sealers are ready: Node aborts the process when a worker is terminated while
   * it makes a zstd context (24.19; `close before init`), and they wait for what never comes when a backup has failed.
   */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#ready);
    await Promise.all([this.#scanner, ...this.#sealers].map((worker) => worker.terminate()));
  }

  #start(
    entry: URL,
    workerData: ScannerData | SealerData,
    transferList: SealerData['scanner'][],
    { onFailure }: WorkerTeamEvents,
  ): Worker {
    const worker = new Worker(entry, {
      workerData,
      transferList,
      resourceLimits,
      // The options of this process need not fit a worker: `--input-type` for one.
      execArgv: [],
    });
    worker.on('error', onFailure);
    worker.on('exit', (code) => {
      if (!this.#closing) onFailure(new Error(`a worker of the backup ended with code ${code}`));
    });
    return worker;
  }
}

/** What became of a file's content. */
export type FileOutcome =
  | { readonly kind: 'read'; readonly content: readonly BlobId[]; readonly size: number }
  | { readonly kind: 'failed'; readonly error: Error };

interface Job {
  readonly content: BlobId[];
  readonly onDone: (outcome: FileOutcome) => void;
  received: number;
  /** Known once the file was read to its end. */
  end: { readonly blobs: number; readonly size: number } | undefined;
}

const idBytes = 32;

/** Puts the blobs of each file together, in whatever order the sealers give them. */
export class FileJobs {
  readonly #jobs = new Map<number, Job>();
  #next = 0;

  /** How many files are on their way. */
  get size(): number {
    return this.#jobs.size;
  }

  /** A number for a new file. */
  begin(onDone: (outcome: FileOutcome) => void): number {
    const file = this.#next++;
    this.#jobs.set(file, { content: [], onDone, received: 0, end: undefined });
    return file;
  }

  /** Takes what a sealer says. */
  update({ blobs, ids, results }: SealedBatch): void {
    const hex = asBuffer(ids);
    for (let n = 0; 4 * n < blobs.length; n++) {
      const id = hex.toString('hex', n * idBytes, (n + 1) * idBytes) as BlobId;
      this.#addBlob(blobs[4 * n] ?? 0, blobs[4 * n + 1] ?? 0, id);
    }
    for (let n = 0; n < results.ends.length; n += 3) {
      this.#addEnd(results.ends[n] ?? 0, results.ends[n + 1] ?? 0, results.ends[n + 2] ?? 0);
    }
    for (const failure of results.failures) this.#fail(failure);
  }

  #addBlob(file: number, index: number, id: BlobId): void {
    const job = this.#jobs.get(file);
    // A file that failed half-way may still have blobs on their way.
    if (!job) return;
    job.content[index] = id;
    job.received++;
    this.#finish(file, job);
  }

  #addEnd(file: number, blobs: number, size: number): void {
    const job = this.#jobs.get(file);
    if (!job) return;
    job.end = { blobs, size };
    this.#finish(file, job);
  }

  #finish(file: number, { content, onDone, received, end }: Job): void {
    if (end === undefined || received < end.blobs) return;
    this.#jobs.delete(file);
    onDone({ kind: 'read', content, size: end.size });
  }

  #fail({ file, code, message }: FileFailure): void {
    const job = this.#jobs.get(file);
    this.#jobs.delete(file);
    job?.onDone({ kind: 'failed', error: Object.assign(new Error(message), { code }) });
  }
}
