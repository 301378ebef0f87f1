import { type Log, secondMs } from '../../base/index.ts';
import type { AuthorityRecords } from '../records/index.ts';
import { kindIn, type LogKindName, parseRecord, type RecordNamed } from './log-record.ts';

/** What is to be told to whom. */
export interface FollowerOptions<Name extends LogKindName> {
  /** The records of these kinds. */
  readonly kinds: readonly Name[];
  /** Those after this number. */
  readonly from: number;
  /** Gets each record once, in the order of the log, the next one when it is done; one that fails is tried again. */
  readonly visit: (record: RecordNamed<Name>) => Promise<void> | void;
  /** For what fails. */
  readonly log: Log;
}

/** So long after a commit that what comes at once is read together. */
const gatherMs = 50;
/** What another process on the same database has recorded is found so soon. */
const pollMs = secondMs / 2;
const pageSize = 500;

/**
 * Follows a log: whoever has to know what was decided is told every record of some kinds, once and in order, when it is on
 * the disk. It keeps a number of its own, and asks for what came after: a commit of this process wakes it, and it looks
 * again and again for those of others. What one follower fails at, no other waits for.
 */
export class Follower<Name extends LogKindName> implements AsyncDisposable {
  readonly #records: AuthorityRecords;
  readonly #options: FollowerOptions<Name>;
  readonly #unsubscribe: () => void;
  readonly #poll: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #reached: number;
  #hasFailed = false;
  #isClosed = false;

  constructor(records: AuthorityRecords, options: FollowerOptions<Name>) {
    this.#records = records;
    this.#options = options;
    this.#reached = options.from;
    this.#unsubscribe = records.onDurable(async () => this.#wake());
    this.#poll = setInterval(() => this.#look(), pollMs).unref();
  }

  /** Waits for what is under way, and tells nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearInterval(this.#poll);
    clearTimeout(this.#gathering);
    await this.#looking;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Whoever commits waits for nothing here. */
  #wake(): void {
    this.#gathering ??= setTimeout(() => this.#look(), gatherMs).unref();
  }

  #look(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#looking ??= this.#goOn().finally(() => {
      this.#looking = undefined;
    });
  }

  async #goOn(): Promise<void> {
    try {
      while (await this.#page());
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed && !this.#isClosed)
        this.#options.log.warn('what was decided could not be followed, and is tried again', {
          kinds: this.#options.kinds,
          after: this.#reached,
          error,
        });
      this.#hasFailed = true;
    }
  }

  /** Reads and tells some records; gives whether there may be more. */
  async #page(): Promise<boolean> {
    const rows = await this.#records.log.after(this.#reached, pageSize);
    for (const { sequence, record } of rows) {
      if (this.#isClosed) return false;
      await this.#tell(record);
      this.#reached = sequence;
    }
    return rows.length === pageSize;
  }

  async #tell(text: string): Promise<void> {
    const { kinds, visit } = this.#options;
    if (!kinds.some((kind) => kind === kindIn(text))) return;
    const record = parseRecord(text);
    if (record !== undefined) await visit(record as RecordNamed<Name>);
  }
}
