import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../base/index.ts';
import type { Command, Connection } from '../database.ts';
import { createPrivateFile } from './connection.ts';
import { restoreError, type SnapshotOrder, type WorkerAnswer, type WorkerRequest } from './worker-message.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A connection that reads in a thread of its own, so that what reads long stalls nobody but those who wait for it. */
export class WorkerConnection implements Connection {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;

  static async open(path: string): Promise<WorkerConnection> {
    const connection = new WorkerConnection(path);
    await connection.#answerTo(0);
    return connection;
  }

  private constructor(path: string) {
    this.#worker = new Worker(workerEntry(import.meta.url, './worker'), { workerData: path });
    this.#worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    this.#worker.on('error', (error: Error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread of the database has ended')));
  }

  execute(command: Command): Promise<unknown> {
    return this.#send(command);
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) await this.#send('close');
    await this.#worker.terminate();
  }

  #send(command: WorkerRequest['command']): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    this.#worker.postMessage({ id, command } satisfies WorkerRequest, []);
    return this.#answerTo(id);
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle({ id, value, error }: WorkerAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(restoreError(error));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
  }
}

/**
 * Copies what is committed in a database at one moment, in a thread of its own: whoever writes goes on meanwhile, and
 * memory does not grow with the size. The copy holds nothing that was deleted. A target of a copy that failed is the
 * caller's to remove. Errors: `storage_full`, `storage_failed`, `database_damaged`.
 */
export async function snapshotDatabase(order: SnapshotOrder): Promise<void> {
  createPrivateFile(order.target);
  const worker = new Worker(workerEntry(import.meta.url, './snapshot-worker'), { workerData: order });
  try {
    const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that copies the database has ended')));
    });
    if (answer.error !== undefined) throw restoreError(answer.error);
  } finally {
    await worker.terminate();
  }
}
