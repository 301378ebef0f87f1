import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreView } from '../admin/index.ts';
import { type StoreRecord, unmarkedStore } from '../authority/index.ts';
import { HoldfastError, isHoldfastError, type Log, systemErrorCode } from '../base/index.ts';
import {
  explainStorageErrors,
  holdsRepositories,
  makeDurableDirectories,
  readStoreMarker,
  type StoreMarker,
  storeMarkerFile,
  writeStoreMarker,
} from '../storage/index.ts';

/** Where a server keeps repositories, and by what it knows the place again. */
export interface StorePlaceOptions {
  readonly directory: string;
  readonly network: string;
  readonly record: StoreRecord;
}

/** What is in a directory, compared with what is on record. */
type Finding =
  | { readonly kind: 'known'; readonly store: string }
  /** A marker where nothing is on record; repositories of before there were markers, or the place of a beginning. */
  | { readonly kind: 'to be recorded'; readonly store: string }
  | { readonly kind: 'to be marked' }
  | { readonly kind: 'missing'; readonly what: string };

/**
 * The directory of all repositories, known again by its marker: a disk that is not mounted is told from a network that
 * begins, and from a client that has not stored anything yet. Looked at for each answer that depends on it.
 */
export class StorePlace implements StoreView {
  readonly directory: string;
  readonly #network: string;
  readonly #record: StoreRecord;
  /** What the marker that was found good says, and what its file is known again by. */
  #store = '';
  #stamp: string | undefined;
  #looking: Promise<void> | undefined;

  constructor({ directory, network, record }: StorePlaceOptions) {
    this.directory = directory;
    this.#network = network;
    this.#record = record;
  }

  /**
   * Does nothing while the store is there; makes or marks it where it begins. It is on record from the first change on, and
   * missed from then on: a place where nothing was ever stored is as good as another.
   * @throws HoldfastError `store_missing`, `storage_failed`, `storage_full`
   */
  async check(forWhat: 'look' | 'change' = 'look'): Promise<void> {
    if (this.#stamp === undefined || (await this.#stampNow()) !== this.#stamp) {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined;
      });
      await this.#looking;
    }
    if (forWhat === 'change' && this.#record.current !== this.#store) await this.#record.begin(this.#store);
  }

  /** What is wrong, as {@link check} would say it; changes nothing. */
  async problem(): Promise<HoldfastError | undefined> {
    try {
      const finding = await this.#find();
      return finding.kind === 'missing' ? this.#missing(finding.what) : undefined;
    } catch (error) {
      if (isHoldfastError(error)) return error;
      throw error;
    }
  }

  /** Takes what is at the place for the store from now on. Undefined when it is that already, and nothing was done. */
  async accept({
    reason,
    by,
  }: {
    readonly reason: string;
    readonly by: string;
  }): Promise<string | undefined> {
    const finding = await this.#find();
    if (finding.kind !== 'missing') return undefined;
    const found = finding.what;
    const marker = (await readStoreMarker(this.directory)) ?? (await this.#mark());
    if (marker.network !== this.#network) throw this.#missing(found);
    this.#stamp = undefined;
    await this.#record.accept({ store: marker.store, directory: this.directory, found, reason, by });
    return found;
  }

  async #look(): Promise<void> {
    await explainStorageErrors(`looking at ${this.directory}`, async () => {
      this.#stamp = undefined;
      const stamp = await this.#stampNow();
      const finding = await this.#find();
      if (finding.kind === 'missing') throw this.#missing(finding.what);
      this.#store = finding.kind === 'to be marked' ? (await this.#mark()).store : finding.store;
      if (this.#record.current === unmarkedStore) await this.#record.begin(this.#store);
      this.#stamp = stamp ?? (await this.#stampNow());
    });
  }

  async #find(): Promise<Finding> {
    const expected = this.#record.current;
    const marker = await readStoreMarker(this.directory);
    const isOpen = expected === undefined || expected === unmarkedStore;
    if (marker !== undefined && marker.network !== this.#network)
      return { kind: 'missing', what: `holds the store of ${marker.network}` };
    if (marker !== undefined && isOpen) return { kind: 'to be recorded', store: marker.store };
    if (marker !== undefined && marker.store !== expected)
      return { kind: 'missing', what: `holds store ${short(marker.store)}, expected ${short(expected)}` };
    if (marker !== undefined) return { kind: 'known', store: marker.store };
    const isThere = await exists(this.directory);
    const holds = isThere && (await holdsRepositories(this.directory));
    if (expected === undefined || (expected === unmarkedStore && holds)) return { kind: 'to be marked' };
    if (holds) return { kind: 'missing', what: `holds repositories, but no ${storeMarkerFile}` };
    return { kind: 'missing', what: isThere ? 'holds no repository' : 'is not there' };
  }

  async #mark(): Promise<StoreMarker> {
    await makeDurableDirectories([this.directory]);
    const marker = { store: randomBytes(16).toString('hex'), network: this.#network };
    await writeStoreMarker(this.directory, marker);
    return marker;
  }

  /** Changes with every other file that takes the marker's place, on another disk too. */
  async #stampNow(): Promise<string | undefined> {
    try {
      const { dev, ino, size, mtimeMs } = await stat(join(this.directory, storeMarkerFile));
      return [dev, ino, size, mtimeMs].join(' ');
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #missing(what: string): HoldfastError {
    return new HoldfastError(
      'store_missing',
      `the store is not there: ${this.directory} ${what}, and this network has stored before`,
      {
        hint: 'mount its disk, and it goes on by itself; where it is lost for good: holdfast store accept --reason TEXT',
      },
    );
  }
}

/** Says in the log when the store goes away and when it is back; to be called now and then. */
export function storeWatch(place: StorePlace, log: Log): () => Promise<void> {
  let said: string | undefined;
  return async () => {
    const problem = await place.check().then(
      () => undefined,
      (error: unknown) => error,
    );
    const message = problem instanceof Error ? problem.message : undefined;
    if (message === said) return;
    said = message;
    if (problem === undefined) log.info('the store is there again', { directory: place.directory });
    else log.error('repositories cannot be served', { error: problem });
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function short(store: string | undefined): string {
  return (store ?? 'none').slice(0, 8);
}
