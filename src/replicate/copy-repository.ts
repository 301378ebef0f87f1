import { type Bytes, equalBytes, forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import type { NamedRef, ObjectInfo, ObjectStore, ObjectType } from '../storage/index.ts';
import { copyObject } from './copy-object.ts';
import {
  type Amount,
  type BothEnds,
  followRemovals,
  type RemovalOptions,
  type Removals,
} from './follow-removals.ts';
import { ObjectNames } from './object-names.ts';

/** What a copy does not have yet. */
export interface Lag {
  readonly objects: number;
  readonly bytes: number;
  /** When the first of it came to the source, milliseconds since 1970, where that is known. */
  readonly sinceMs?: number;
}

/** One copy of one repository, and how it is brought up to its source. */
export interface CopyOptions extends Omit<RemovalOptions, 'to' | 'held' | 'signal'> {
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  /** Objects under way at a time; 4 unless said. */
  readonly atOnce?: number;
  /** Told now and then what is still to be copied. */
  readonly onLag?: (lag: Lag) => void;
  readonly signal?: AbortSignal;
}

/** How a round ended. */
export interface CopyRound extends Removals {
  readonly copied: { readonly objects: number; readonly bytes: number };
  /** What could not be copied; nothing where the copy has all that the source had. */
  readonly lag: Lag;
  /** Damaged at the source: never copied. */
  readonly damaged: readonly NamedRef[];
  /** In whose place the copy has something else, which is for those who keep the copy to take aside. */
  readonly unequal: readonly NamedRef[];
}

const defaultAtOnce = 4;
/** So often a source may change under a round, as a prune does, before it is left for the next one. */
const maxRounds = 3;

/**
 * Brings a copy of a repository up to its source, without any key: keys, config, packs, indexes and snapshots in the
 * order in which a repository is written, so that the copy is a valid repository whenever this stops, and what was there
 * is not sent again. What the source has no more leaves the copy as {@link followRemovals} says; locks are nobody's copy.
 * @throws HoldfastError `source_lost` for a source that is not there while the copy is, `replica_foreign` for a copy of
 *   another repository, `source_changing`, and what stops either store
 */
export async function copyRepository(options: CopyOptions): Promise<CopyRound | undefined> {
  const { from, to, signal } = options;
  const config = await configOf(from, signal);
  const existing = await configOf(to, signal);
  if (config === undefined && existing === undefined) return undefined;
  if (config === undefined)
    throw new HoldfastError('source_lost', `there is no repository in ${from.location}, and there was one`);
  if (existing === undefined) await to.create({ signal });
  else if (!equalBytes(config, existing))
    throw new HoldfastError('replica_foreign', `${to.location} is a copy of another repository`);
  for (let round = 1; round <= maxRounds; round++) {
    const done = await new Round(options, config).run();
    if (done !== undefined) return done;
  }
  throw new HoldfastError('source_changing', `${from.location} changes while it is copied`);
}

/** One time through, in which what was copied is counted. */
class Round {
  readonly #options: CopyOptions;
  readonly #config: Bytes;
  readonly #ends = new Map<ObjectType, BothEnds>();
  readonly #damaged: NamedRef[] = [];
  readonly #unequal: NamedRef[] = [];
  readonly #copied = { objects: 0, bytes: 0 };
  readonly #lag = { objects: 0, bytes: 0 };
  #lagSinceMs = Number.POSITIVE_INFINITY;
  /** What came to the source from then on may refer to something damaged. */
  #doubtMs = Number.POSITIVE_INFINITY;
  #isChanged = false;

  constructor(options: CopyOptions, config: Bytes) {
    this.#options = options;
    this.#config = config;
  }

  /** Undefined where the source has changed so that the copy would not be whole: nothing that refers was copied then. */
  async run(): Promise<CopyRound | undefined> {
    const { from, to, signal } = this.#options;
    // What refers is listed before what it refers to, and copied after it.
    const snapshots = await from.list('snapshots', { arrivals: true, signal });
    const index = await from.list('index', { arrivals: true, signal });
    await this.#copy('keys', from.scan('keys', { arrivals: true, signal }));
    await to.write({ type: 'config' }, [this.#config], { size: this.#config.length, signal });
    await this.#copy('data', from.scan('data', { arrivals: true, signal }));
    if (this.#isChanged || !(await this.#stillHas(index))) return undefined;
    await this.#copy('index', [index]);
    if (this.#isChanged) return undefined;
    await this.#copy('snapshots', [snapshots]);
    const removals = await followRemovals(this.#ends, { ...this.#options, to, held: this.#isHeld() });
    return {
      copied: this.#copied,
      lag: this.#lagNow(),
      damaged: this.#damaged,
      unequal: this.#unequal,
      ...removals,
    };
  }

  /** Whether no index went since they were listed: a prune removes them before the packs that they name. */
  async #stillHas(listed: readonly ObjectInfo[]): Promise<boolean> {
    const { from, signal } = this.#options;
    const names = new Set((await from.list('index', { signal })).map(({ name }) => name));
    return listed.every(({ name }) => names.has(name));
  }

  /** Something is missing from the copy, so that nothing may go that might stand for it. */
  #isHeld(): boolean {
    return this.#damaged.length > 0 || this.#unequal.length > 0 || this.#lag.objects > 0;
  }

  async #copy(
    type: ObjectType,
    listing: AsyncIterable<readonly ObjectInfo[]> | Iterable<readonly ObjectInfo[]>,
  ): Promise<void> {
    const { to, signal, atOnce = defaultAtOnce } = this.#options;
    const here = await ObjectNames.of(to, type, { signal });
    const source = { count: 0, bytes: 0 };
    this.#ends.set(type, { here, source });
    const missing = this.#missing(type, counted(listing, source), here);
    await forEachLimited(missing, atOnce, (info) => this.#copyOne(type, info));
  }

  /** What the copy does not have, while the source is still listed. */
  async *#missing(
    type: ObjectType,
    listing: AsyncIterable<readonly ObjectInfo[]>,
    here: ObjectNames,
  ): AsyncGenerator<ObjectInfo> {
    for await (const batch of listing) {
      const missing: ObjectInfo[] = [];
      for (const info of batch) {
        const size = here.meet(info.name);
        if (size === undefined) missing.push(info);
        else if (size !== info.size) this.#unequal.push({ type, name: info.name });
      }
      for (const info of missing) this.#behind(info);
      this.#options.onLag?.(this.#lagNow());
      yield* missing;
    }
  }

  async #copyOne(type: ObjectType, { name, size, arrivedMs }: ObjectInfo): Promise<void> {
    const { from, to, signal } = this.#options;
    if (this.#isDoubtful(type, arrivedMs)) return;
    const outcome = await copyObject(from, to, { type, name }, { size, signal });
    switch (outcome) {
      case 'copied':
        this.#copied.objects += 1;
        this.#copied.bytes += size;
        break;
      case 'gone':
        if (type !== 'snapshots') this.#isChanged = true;
        break;
      case 'damaged':
        this.#damaged.push({ type, name });
        if (type !== 'keys') this.#doubtMs = Math.min(this.#doubtMs, arrivedMs ?? 0);
        return;
      case 'unequal':
        this.#unequal.push({ type, name });
        return;
    }
    this.#lag.objects -= 1;
    this.#lag.bytes -= size;
  }

  /** Whether it may refer to something damaged: what came before that does not. */
  #isDoubtful(type: ObjectType, arrivedMs: number | undefined): boolean {
    const refers = type === 'index' || type === 'snapshots';
    return (
      refers && Number.isFinite(this.#doubtMs) && (arrivedMs === undefined || arrivedMs >= this.#doubtMs)
    );
  }

  #behind({ size, arrivedMs = Number.POSITIVE_INFINITY }: ObjectInfo): void {
    this.#lag.objects += 1;
    this.#lag.bytes += size;
    this.#lagSinceMs = Math.min(this.#lagSinceMs, arrivedMs);
  }

  #lagNow(): Lag {
    const isKnown = this.#lag.objects > 0 && Number.isFinite(this.#lagSinceMs);
    return { ...this.#lag, ...(isKnown && { sinceMs: this.#lagSinceMs }) };
  }
}

/** The batches as they come, of which `amount` keeps the sum. */
async function* counted(
  listing: AsyncIterable<readonly ObjectInfo[]> | Iterable<readonly ObjectInfo[]>,
  amount: { -readonly [Key in keyof Amount]: number },
): AsyncGenerator<readonly ObjectInfo[]> {
  for await (const batch of listing) {
    amount.count += batch.length;
    for (const { size } of batch) amount.bytes += size;
    yield batch;
  }
}

/** The one object without a name of its own; undefined where there is no repository. */
async function configOf(store: ObjectStore, signal: AbortSignal | undefined): Promise<Bytes | undefined> {
  try {
    return await store.read({ type: 'config' }, { signal });
  } catch (error) {
    if (isHoldfastError(error, 'object_not_found', 'repository_missing')) return undefined;
    throw error;
  }
}
