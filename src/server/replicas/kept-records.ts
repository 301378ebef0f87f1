import { stat } from 'node:fs/promises';
import { systemErrorCode } from '../../base/index.ts';
import { ReplicateRecords } from '../../replicate/index.ts';

/**
 * What this machine has on record of its copies and its store. A server holds it open; whoever only asks, where none runs, has it for
 * that question.
 */
export class KeptRecords implements AsyncDisposable {
  readonly #path: string;
  #held: Promise<ReplicateRecords> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Keeps it open from now on, until this is closed. */
  hold(): Promise<ReplicateRecords> {
    this.#held ??= ReplicateRecords.open(this.#path);
    return this.#held;
  }

  async with<T>(work: (records: ReplicateRecords) => Promise<T>): Promise<T> {
    if (this.#held !== undefined) return await work(await this.#held);
    await using records = await ReplicateRecords.open(this.#path);
    return await work(records);
  }

  /** The same for who only looks; `otherwise` where there is nothing, which is not made for that. */
  async look<T>(work: (records: ReplicateRecords) => Promise<T>, otherwise: T): Promise<T> {
    if (this.#held === undefined && !(await isThere(this.#path))) return otherwise;
    return await this.with(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await (await held)?.[Symbol.asyncDispose]();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
