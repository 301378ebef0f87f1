import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrashDesk, TrashEmptied, TrashGroup, TrashOrder, TrashRestored } from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import { dayMs, hourMs, isHoldfastError, type Log } from '../base/index.ts';
import type { RemovedSnapshots } from '../enrol/index.ts';
import { type NetworkPolicy, trashLockedUntil } from '../policy/index.ts';
import { LocalStore, LocalTrash, type Trashed, trashedTypes } from '../storage/index.ts';
import type { StorageNamespace } from './storage-path.ts';
import { repositoriesIn } from './store-repositories.ts';

export interface StoreTrashOptions {
  /** Where the store is. */
  readonly directory: string;
  /** Throws while it is not there. */
  readonly check: (forWhat?: 'change') => Promise<void>;
  readonly authority: TrashRules;
  /** Bytes that can still be stored in a directory, and that its disk has; by the system unless said. */
  readonly roomOf?: (directory: string) => Promise<Room>;
}

/** By what it is decided what rests, and for how long. */
interface TrashRules extends Pick<Authority, 'time' | 'checkClock'> {
  readonly activity: Pick<Authority['activity'], 'doubt'>;
  readonly clients: Pick<Authority['clients'], 'bounds' | 'noteTrash'>;
  readonly policy: Pick<Authority['policy'], 'lockPeriods'> & {
    readonly current: Pick<NetworkPolicy, 'trashTimeMs'>;
  };
}

interface Room {
  readonly free: number;
  readonly capacity: number;
}

/** One repository with its trash. */
interface Place {
  readonly namespace: StorageNamespace;
  readonly store: LocalStore;
  readonly trash: LocalTrash;
}

/** Something that rests, of whom, and whether it may go. */
interface Resting {
  readonly client: string;
  readonly trash: LocalTrash;
  readonly trashed: Trashed;
  readonly isLocked: boolean;
}

/** What leaves the trash for good is looked for so often. */
const expireEveryMs = hourMs;
/** So much is kept free for what is to come, by taking from the trash: a twentieth of the disk, and no more than this. */
const maxReserve = 4 * 1024 ** 3;

/** The trash of every repository of a store, for administrators and for upkeep. */
export class StoreTrash implements TrashDesk {
  readonly #options: StoreTrashOptions;
  #expiredAtMs: number | undefined;

  constructor(options: StoreTrashOptions) {
    this.#options = options;
  }

  /** What rests, gathered by repository and by the day of its removal. */
  async list(order: TrashOrder): Promise<TrashGroup[]> {
    await this.#options.check();
    const { trashTimeMs } = this.#options.authority.policy.current;
    const groups = new Map<string, TrashGroup>();
    for await (const { namespace, trash } of this.#places(order))
      for await (const trashed of trash.scan()) {
        const found = await trash.look(trashed);
        if (found === undefined) continue;
        const dayMsOf = Math.floor(trashed.removedMs / dayMs) * dayMs;
        const key = `${namespace.client}/${namespace.repository ?? ''} ${dayMsOf}`;
        const group = groups.get(key) ?? { ...noTrash, ...namespace, removedOn: new Date(dayMsOf) };
        groups.set(key, withTrashed(group, trashed, { bytes: found.size, trashTimeMs }));
      }
    return [...groups.values()];
  }

  /** The snapshots of a client that rest. */
  async snapshotsOf(client: string): Promise<RemovedSnapshots> {
    await this.#options.check();
    let count = 0;
    let lastMs = 0;
    for await (const { trash } of this.#places({ client }))
      for await (const { removedMs } of trash.scan(['snapshots'])) {
        count += 1;
        lastMs = Math.max(lastMs, removedMs);
      }
    return { version: 1, count, ...(count > 0 && { lastRemoved: new Date(lastMs).toISOString() }) };
  }

  /**
   * Brings back what rests of a client's repositories. With a time they become as they were then: what was removed since comes
   * back, and snapshots, indexes and keys that came since go into the trash. Cut short, it goes on when it is said again.
   * @throws HoldfastError `object_not_found` for a client without a repository, `store_missing`
   */
  async restore({
    before,
    by,
    ...order
  }: TrashOrder & { client: string; before?: Date; by: string }): Promise<TrashRestored> {
    const { authority, check } = this.#options;
    await check('change');
    await authority.clients.noteTrash('restored', { ...order, before, by });
    const done = { restored: 0, bytes: 0, putAside: 0 };
    for await (const place of this.#places(order)) {
      const wanted = await wantedOf(place.trash, before);
      if (before !== undefined) done.putAside += await this.#putAside(place, before, wanted);
      for (const type of trashedTypes) {
        for (const trashed of wanted.filter(({ ref }) => ref.type === type)) {
          const found = await place.trash.look(trashed);
          if ((await place.trash.restore(trashed)) !== 'restored') continue;
          done.restored += 1;
          done.bytes += found?.size ?? 0;
        }
        await place.trash.settle();
      }
    }
    await authority.activity.doubt(order.client);
    return done;
  }

  /**
   * Removes for good what is not locked, of all clients or of one; of one in quarantine nothing. Without `apply` it says what would go.
   * @throws HoldfastError `clock_wrong`, for who knows then what is locked; `store_missing`
   */
  async empty({
    removedBefore,
    apply,
    by,
    ...order
  }: TrashOrder & { removedBefore?: Date; apply: boolean; by: string }): Promise<TrashEmptied> {
    const { authority, check } = this.#options;
    await check('change');
    authority.checkClock();
    if (apply) await authority.clients.noteTrash('emptied', { ...order, before: removedBefore, by });
    const isMeant = ({ removedMs }: Trashed): boolean =>
      removedBefore === undefined || removedMs < removedBefore.getTime();
    const done = { removed: 0, bytes: 0, kept: 0 };
    const clients = new Set<string>();
    for await (const { client, trash, trashed, isLocked } of this.#resting(order)) {
      if (!isMeant(trashed)) continue;
      const found = await trash.look(trashed);
      if (found === undefined) continue;
      if (isLocked) {
        done.kept += 1;
        continue;
      }
      if (apply) {
        await trash.remove(trashed);
        clients.add(client);
      }
      done.removed += 1;
      done.bytes += found.size;
    }
    await this.#doubt(clients);
    return done;
  }

  /** Lets go what has rested long enough, and makes room where the disk is nearly full; to be called now and then. */
  async upkeep(log: Log): Promise<void> {
    const { authority, check } = this.#options;
    try {
      await check();
      authority.checkClock();
    } catch (error) {
      // By a wrong clock nothing has rested long enough. Both are said elsewhere.
      if (isHoldfastError(error, 'store_missing', 'storage_failed', 'clock_wrong', 'view_expired')) return;
      throw error;
    }
    await this.#expireWhenDue(log);
    await this.#makeRoom(log);
  }

  async #expireWhenDue(log: Log): Promise<void> {
    const { authority } = this.#options;
    const nowMs = authority.time();
    // Not in the first hour either: a clock that was wrong when the machine was started is right by then.
    this.#expiredAtMs ??= nowMs;
    if (Math.abs(nowMs - this.#expiredAtMs) < expireEveryMs) return;
    this.#expiredAtMs = nowMs;
    const { trashTimeMs } = authority.policy.current;
    let objects = 0;
    const clients = new Set<string>();
    for await (const { client, trash, trashed, isLocked } of this.#resting({})) {
      if (isLocked || trashed.removedMs + trashTimeMs > nowMs) continue;
      await trash.remove(trashed);
      clients.add(client);
      objects += 1;
    }
    await this.#doubt(clients);
    if (objects > 0) log.info('what had rested long enough has left the trash', { objects });
  }

  /** What was removed first goes first; what is locked stays, and uploads are refused when the disk is full. */
  async #makeRoom(log: Log): Promise<void> {
    const { directory, roomOf = systemRoom } = this.#options;
    const { free, capacity } = await roomOf(directory);
    const missing = Math.min(capacity / 20, maxReserve) - free;
    if (missing <= 0) return;
    const unlocked = (await Array.fromAsync(this.#resting({}))).filter(({ isLocked }) => !isLocked);
    let bytes = 0;
    let objects = 0;
    const clients = new Set<string>();
    const oldestFirst = unlocked.toSorted((a, b) => a.trashed.removedMs - b.trashed.removedMs);
    for (const { client, trash, trashed } of oldestFirst) {
      if (bytes >= missing) break;
      clients.add(client);
      bytes += (await trash.look(trashed))?.size ?? 0;
      await trash.remove(trashed);
      objects += 1;
    }
    await this.#doubt(clients);
    if (objects > 0)
      log.warn('the disk is nearly full: the oldest of the trash has gone before its time', {
        objects,
        bytes,
      });
  }

  /** What is kept of how much they have stored is not so any more. */
  async #doubt(clients: Iterable<string>): Promise<void> {
    for (const client of clients) await this.#options.authority.activity.doubt(client);
  }

  async *#places({ client, repository }: TrashOrder): AsyncGenerator<Place> {
    const { directory } = this.#options;
    for await (const namespace of repositoriesIn(directory, client)) {
      if (repository !== undefined && namespace.repository !== repository) continue;
      const path = join(directory, namespace.client, namespace.repository ?? '');
      yield { namespace, store: new LocalStore(path), trash: new LocalTrash(path) };
    }
  }

  /** All that rests; of a client in quarantine all is locked. */
  async *#resting(order: TrashOrder): AsyncGenerator<Resting> {
    const { authority } = this.#options;
    const nowMs = authority.time();
    const bounds = await authority.clients.bounds();
    for await (const { namespace, trash } of this.#places(order)) {
      const isQuarantined = bounds.get(namespace.client)?.quarantinedAt !== undefined;
      for await (const trashed of trash.scan())
        yield {
          client: namespace.client,
          trash,
          trashed,
          isLocked: isQuarantined || trashed.lockedUntilMs > nowMs,
        };
    }
  }

  /** Puts into the trash what came since then and others refer to, or opens the repository; those that refer first. */
  async #putAside({ store, trash }: Place, before: Date, wanted: readonly Trashed[]): Promise<number> {
    const { authority } = this.#options;
    const known = new Set(wanted.map(({ ref }) => `${ref.type}/${ref.name}`));
    const periods = await authority.policy.lockPeriods();
    const judge = async () => {
      const removedMs = authority.time();
      return { removedMs, lockedUntilMs: trashLockedUntil(periods, removedMs) };
    };
    let count = 0;
    for (const type of ['snapshots', 'index', 'keys'] as const)
      for (const { name, arrivedMs = 0 } of await store.list(type, { arrivals: true })) {
        if (arrivedMs <= before.getTime() || known.has(`${type}/${name}`)) continue;
        if ((await trash.put({ type, name }, judge)) !== undefined) count += 1;
      }
    return count;
  }
}

/** Everything, or what was there at a time and has been removed since. */
async function wantedOf(trash: LocalTrash, before: Date | undefined): Promise<Trashed[]> {
  const wanted: Trashed[] = [];
  for await (const trashed of trash.scan()) {
    if (before !== undefined && trashed.removedMs <= before.getTime()) continue;
    const found = before === undefined ? undefined : await trash.look(trashed);
    if (before === undefined || (found !== undefined && found.arrivedMs <= before.getTime()))
      wanted.push(trashed);
  }
  return wanted;
}

const noTrash = { snapshots: 0, objects: 0, bytes: 0, lockedUntil: new Date(0), goesAt: new Date(0) };

function withTrashed(
  group: TrashGroup,
  { ref, removedMs, lockedUntilMs }: Trashed,
  { bytes, trashTimeMs }: { readonly bytes: number; readonly trashTimeMs: number },
): TrashGroup {
  const goesAtMs = Math.max(removedMs + trashTimeMs, lockedUntilMs);
  return {
    ...group,
    snapshots: group.snapshots + Number(ref.type === 'snapshots'),
    objects: group.objects + 1,
    bytes: group.bytes + bytes,
    lockedUntil: new Date(Math.max(group.lockedUntil.getTime(), lockedUntilMs)),
    goesAt: new Date(Math.max(group.goesAt.getTime(), goesAtMs)),
  };
}

async function systemRoom(directory: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(directory);
  return { free: bavail * bsize, capacity: blocks * bsize };
}
