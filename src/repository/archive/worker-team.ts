import { availableParallelism } from 'node:os';
import { MessageChannel, Worker } from 'node:worker_threads';
import { workerEntry } from '../../base/index.ts';
import type { Repository } from '../repository.ts';
import { type Arena } from './arena.ts';
import type { KnownBlobs } from './known-blobs.ts';
import type { ScannerData, ScanRequest, SealerData, SealerReply, SealerRequest } from './messages.ts';

/** Small, so that many short-lived objects do not make the process grow; old space only has code and a few tables. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Two at least, for the packs must be two, and no more than the arena has packs for. */
export function sealerCount(): number {
  return Math.min(4, Math.max(2, availableParallelism()));
}

/** What a team tells. */
export interface WorkerTeamEvents {
  readonly onReply: (reply: SealerReply) => void;
  /** A worker threw, or ended before it was told to. */
  readonly onFailure: (error: unknown) => void;
}

/** The scanner and the sealers, with a line from the one to each of the others. */
export class WorkerTeam {
  readonly #scanner: Worker;
  readonly #sealers: readonly Worker[];
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
      worker.on('message', events.onReply);
      return worker;
    });
  }

  scan(request: ScanRequest): void {
    this.#scanner.postMessage(request, []);
  }

  askAll(request: SealerRequest): void {
    for (const sealer of this.#sealers) sealer.postMessage(request, []);
  }

  /** Ends the workers wherever they are. */
  async close(): Promise<void> {
    this.#closing = true;
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
