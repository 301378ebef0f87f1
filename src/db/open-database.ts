import { AsyncLocalStorage } from 'node:async_hooks';
import type { Secret } from '../base/index.ts';
import type {
  Command,
  Database,
  Engine,
  Member,
  Queries,
  Reads,
  Row,
  SqlValue,
  Transaction,
} from './database.ts';
import type { Migration } from './migrate.ts';
import { openPostgres } from './postgres/engine.ts';
import { openSqlite } from './sqlite/engine.ts';

/** Where a database is: a file of this machine, created when it is not there, or a database of PostgreSQL, by its URL. */
export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: Secret<string> };

/** Which database, and how. */
export interface DatabaseOptions {
  readonly place: DatabaseLocation;
  /** Every step of every owner, in the order they are to be applied. */
  readonly migrations: readonly Migration[];
  /**
   * Of a file: read in a thread of its own what is read outside of transactions; what a server wants. The same behaviour
   * either way.
   */
  readonly worker?: boolean;
}

/**
 * Opens a database and brings it to the schema of this program. Errors: `database_newer`, `database_damaged`,
 * `storage_full`, `storage_failed`; of a file `database_busy`; of PostgreSQL `database_unreachable`, `database_in_use`,
 * `database_refused`, `tls_failed`, `settings_invalid`. After any of them the database is as it was.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return new QueuedDatabase(await openEngine(options));
}

async function openEngine({ place, migrations, worker = false }: DatabaseOptions): Promise<Engine> {
  return place.kind === 'sqlite'
    ? await openSqlite({ path: place.path, migrations, worker })
    : await openPostgres(place.url, migrations);
}

/** So that nobody waits long for the others. */
const maxGroupSize = 256;

/** The {@link Database} over an engine: transactions wait in a queue, and those that wait together are committed together. */
export class QueuedDatabase implements Database {
  readonly #engine: Engine;
  #waiting: Member[] = [];
  #isWorking = false;
  /** Resolves when every change that was asked for so far is done. */
  #settled: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #insideOf = new AsyncLocalStorage<Transaction>();
  readonly #listeners = new Set<() => Promise<void>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get committed(): Reads {
    return this.#engine.committed;
  }

  all<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T[]> {
    return this.#read({ method: 'all', sql, params }) as Promise<T[]>;
  }

  get<T = Row>(sql: string, ...params: readonly SqlValue[]): Promise<T | undefined> {
    return this.#read({ method: 'get', sql, params }) as Promise<T | undefined>;
  }

  run(sql: string, ...params: readonly SqlValue[]): Promise<{ readonly changes: number }> {
    return this.transaction((tx) => tx.run(sql, ...params));
  }

  transaction<T>(work: (tx: Queries) => Promise<T> | T): Promise<T> {
    return this.#permitted(() => {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const perform = (transaction: Transaction): Promise<T> =>
        this.#insideOf.run(transaction, async () => await work(transaction));
      this.#waiting.push({ perform, resolve, reject });
      this.#settled = promise.then(ignore, ignore);
      this.#wake();
      return promise;
    });
  }

  onDurable(listener: () => Promise<void>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#settled;
    await this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(command: Command): Promise<unknown> {
    return this.#permitted(() => this.#settled.then(() => this.#engine.read(command)));
  }

  #permitted<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new TypeError('the database is closed'));
    if (this.#insideOf.getStore()?.open === true) {
      return Promise.reject(new TypeError('inside a transaction only its own handle may be used'));
    }
    return work();
  }

  /** Not at once: what else arrives in this turn of the event loop comes along. */
  #wake(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    setImmediate(() => void this.#work());
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, maxGroupSize);
      const rest = await this.#engine.commit(group, () => this.#tellListeners());
      this.#waiting.unshift(...rest);
    }
    this.#isWorking = false;
  }

  async #tellListeners(): Promise<void> {
    await Promise.all([...this.#listeners].map((listener) => listener()));
  }
}

function ignore(): void {}
