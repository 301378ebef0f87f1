import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { PackContents } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { readPackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { neededPacks } from './needed-packs.ts';

interface SendOptions {
  readonly signal: AbortSignal;
  /** Told of each snapshot that is stored there by now, and of what is left to be sent. */
  readonly onSent?: (snapshot: StoredSnapshot, left: number) => void;
}

/** A snapshot that was not sent: so many blobs that it builds on are gone where it was to go. */
export interface Unsendable {
  readonly snapshot: StoredSnapshot;
  readonly missing: number;
}

/**
 * Stores what waits in a spool in the repository that it is of, the oldest snapshot first, each file as it is: packs, then an index, then
 * the snapshot, which goes out of the spool when it is acknowledged. Whatever stops it in between, the next run goes on. What no snapshot
 * is left of is removed at the end. Gives those that cannot be sent since what they build on is not there any more; they stay.
 */
export async function sendSpool(
  spool: Repository,
  to: Repository,
  { signal, onSent }: SendOptions,
): Promise<readonly Unsendable[]> {
  const waiting = await spool.snapshots({ signal });
  const unsendable: Unsendable[] = [];
  if (waiting.length > 0) {
    await using lock = await to.lock({ signal });
    const stop = AbortSignal.any([signal, lock.lost]);
    const sender = await Sender.open(spool, to, stop);
    for (const [at, snapshot] of waiting.entries()) {
      const missing = await sender.send(snapshot);
      if (missing > 0) unsendable.push({ snapshot, missing });
      else onSent?.(snapshot, waiting.length - at - 1);
    }
  }
  if (unsendable.length === 0) await clearSpool(spool, signal);
  return unsendable;
}

/** Removes all that waits in a spool. */
export async function clearSpool(spool: Repository, signal?: AbortSignal): Promise<void> {
  // What names something goes before it.
  for (const type of ['snapshots', 'index', 'data', 'locks'] as const)
    for (const { name } of await spool.store.list(type, { ...(signal && { signal }) }))
      await spool.store.remove({ type, name }, { ...(signal && { signal }) });
}

class Sender {
  readonly #spool: Repository;
  readonly #to: Repository;
  readonly #index: BlobIndex;
  /** What is there. */
  readonly #there: BlobIndex;
  readonly #packs: ReadonlyMap<ObjectId, ObjectInfo>;
  readonly #signal: AbortSignal;

  private constructor(parts: {
    readonly spool: Repository;
    readonly to: Repository;
    readonly index: BlobIndex;
    readonly there: BlobIndex;
    readonly packs: ReadonlyMap<ObjectId, ObjectInfo>;
    readonly signal: AbortSignal;
  }) {
    this.#spool = parts.spool;
    this.#to = parts.to;
    this.#index = parts.index;
    this.#there = parts.there;
    this.#packs = parts.packs;
    this.#signal = parts.signal;
  }

  static async open(spool: Repository, to: Repository, signal: AbortSignal): Promise<Sender> {
    const { index } = await spool.loadListedIndex({ signal });
    // Somebody else may have pruned it meanwhile: nothing that was known of it counts.
    const { index: there } = await to.loadListedIndex({ signal });
    const infos = await spool.store.list('data', { signal });
    const packs = new Map(infos.map((info) => [info.name, info]));
    return new Sender({ spool, to, index, there, packs, signal });
  }

  /** How many blobs it would miss there; none when it is stored. */
  async send({ id, tree }: StoredSnapshot): Promise<number> {
    const isElsewhere = this.#there.has.bind(this.#there);
    const signal = this.#signal;
    const { packs, missing } = await neededPacks(this.#spool, [tree], {
      index: this.#index,
      isElsewhere,
      signal,
    });
    if (missing > 0) return missing;
    const contents = await Promise.all([...packs].map((pack) => this.#contentsOf(pack)));
    for (const pack of contents) await this.#sendPack(pack);
    if (contents.length > 0) await this.#to.saveIndex(contents, { signal });
    for (const pack of contents) this.#there.add(pack);
    const ref = { type: 'snapshots', name: id } as const;
    const file = await this.#spool.store.read(ref, { signal });
    await this.#to.store.write(ref, [file], { size: file.length, signal });
    await this.#spool.store.remove(ref, { signal });
    return 0;
  }

  async #contentsOf(name: ObjectId): Promise<PackContents> {
    const info = this.#packs.get(name) ?? { name, size: 0 };
    const { store, cipher } = this.#spool;
    return { id: name, blobs: await readPackHeader(store, cipher, info, { signal: this.#signal }) };
  }

  async #sendPack({ id, blobs }: PackContents): Promise<void> {
    const ref = { type: 'data', name: id } as const;
    const signal = this.#signal;
    const file = await this.#spool.store.read(ref, { signal });
    const keep = blobs.some(({ type }) => type === 'tree');
    await this.#to.store.write(ref, [file], { size: file.length, keep, signal });
  }
}
