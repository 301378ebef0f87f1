import { minuteMs, secondMs } from '../../base/index.ts';
import type { Repository, SnapshotFilter, StoredSnapshot } from '../../repository/index.ts';

/** How a list of snapshots is kept. */
export interface SnapshotListOptions {
  readonly filter: SnapshotFilter;
  readonly signal: AbortSignal;
  /** Done before new snapshots are shown: what they consist of has to be known. */
  readonly onNew: () => Promise<void>;
  /** Told why the list could not be read anew; the old one stays. */
  readonly onProblem: (error: unknown) => void;
}

/** The list is read anew at most so often, and that takes at most so great a part of the time. */
const leastMs = 5 * secondMs;
const mostMs = 10 * minuteMs;
const restFactor = 20;

/** The snapshots of a repository, looked up again when somebody looks at them. */
export class SnapshotList {
  readonly #repository: Repository;
  readonly #options: SnapshotListOptions;
  #snapshots: readonly StoredSnapshot[] = [];
  /** The names of all snapshot files, whatever the filter. */
  #names: ReadonlySet<string> = new Set();
  /** When the list was read, and how long it is good. */
  #readAtMs = 0;
  #goodForMs = 0;
  #reading: Promise<void> | undefined;

  private constructor(repository: Repository, options: SnapshotListOptions) {
    this.#repository = repository;
    this.#options = options;
  }

  /** Reads the list. */
  static async open(repository: Repository, options: SnapshotListOptions): Promise<SnapshotList> {
    const list = new SnapshotList(repository, options);
    await list.#read();
    return list;
  }

  /** The snapshots, the oldest first; the same list as long as nothing has changed. */
  async current(): Promise<readonly StoredSnapshot[]> {
    const ageMs = this.#repository.clock.now() - this.#readAtMs;
    if (ageMs >= 0 && ageMs < this.#goodForMs) return this.#snapshots;
    this.#reading ??= this.#readAgain().finally(() => (this.#reading = undefined));
    await this.#reading;
    return this.#snapshots;
  }

  async #readAgain(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      this.#options.signal.throwIfAborted();
      this.#readAtMs = this.#repository.clock.now();
      this.#options.onProblem(error);
    }
  }

  async #read(): Promise<void> {
    const { clock } = this.#repository;
    const startedMs = clock.now();
    await this.#compare();
    this.#readAtMs = clock.now();
    const tookMs = Math.max(0, this.#readAtMs - startedMs);
    this.#goodForMs = Math.min(mostMs, Math.max(leastMs, restFactor * tookMs));
  }

  /** Only where files have come or gone is anything read but their names. */
  async #compare(): Promise<void> {
    const { filter, signal, onNew } = this.#options;
    const infos = await this.#repository.files.list('snapshots', { signal });
    const names = new Set<string>(infos.map(({ name }) => name));
    const isNew = !names.isSubsetOf(this.#names);
    if (!isNew && names.size === this.#names.size) return;
    const snapshots = await this.#repository.findSnapshots([], { ...filter, signal });
    if (isNew) await onNew();
    this.#snapshots = snapshots;
    this.#names = names;
  }
}
