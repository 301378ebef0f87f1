import {
  type Authority,
  type ClientActs,
  type ClientBounds,
  type ClientUsage,
  noQuota,
} from '../authority/index.ts';
import { dayMs, HoldfastError, hourMs, type Log, minuteMs } from '../base/index.ts';
import type { NetworkPolicy } from '../policy/index.ts';
import type { ObjectType } from '../storage/index.ts';
import type { QuotaState } from '../transport/index.ts';
import { countClient } from './count-client.ts';
import { repositoriesIn } from './store-repositories.ts';

interface ClientLedgerOptions {
  readonly authority: Pick<Authority, 'activity' | 'time'> & {
    readonly policy: { readonly current: Pick<NetworkPolicy, 'quotaBytes'> };
  };
  /** Where the store is. */
  readonly directory: string;
  readonly log: Log;
}

/** What the store of a client tells of what is done with it. */
export interface ClientAccount {
  /** Sets room aside for something that comes. @throws HoldfastError `quota_exceeded` */
  reserve(type: ObjectType | 'config', bytes: number, bounds: ClientBounds): Disposable;
  stored(type: ObjectType | 'config', bytes: number): void;
  /** Looks whether so much more may rest in the trash. @throws HoldfastError `trash_exceeded` */
  checkTrash(bytes: number, bounds: ClientBounds): void;
  removed(type: ObjectType | 'config', bytes: number): void;
  /** A removal was refused. */
  refused(): void;
}

/** So much more is let in of what is no pack, so that a client whose quota is used up can lock its repository, and prune. */
const graceFrom = 1 / 20;
const countEveryMs = dayMs;
const judgeAllEveryMs = hourMs;
const judgeOneEveryMs = minuteMs;

const nothing: ClientActs = {
  bytes: 0,
  trashBytes: 0,
  snapshots: 0,
  keys: 0,
  addedBytes: 0,
  removedSnapshots: 0,
  removedObjects: 0,
  removedBytes: 0,
  refused: 0,
};

/**
 * What each client stores and does, by this server: kept in memory while it is done, put on record every few seconds, and
 * counted anew in the store once a day. A quota is held against what is known, and what is on its way is in it.
 */
export class ClientLedger {
  readonly #options: ClientLedgerOptions;
  #known = new Map<string, ClientUsage>();
  /** Not on record yet, and on its way there. */
  #acts = new Map<string, ClientActs>();
  #writing: ReadonlyMap<string, ClientActs> = new Map();
  /** What is put on record is put one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  /** What was put on record of a client while it is counted. */
  #meanwhile: { readonly client: string; bytes: number; trashBytes: number } | undefined;
  readonly #reserved = new Map<string, number>();
  /** As it was when a client came last. */
  readonly #quotas = new Map<string, number>();
  /** Who did something since it was looked at, and when each was. */
  readonly #touched = new Set<string>();
  readonly #judgedMs = new Map<string, number>();
  #judgedAllMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;
  readonly #ended = new AbortController();

  constructor(options: ClientLedgerOptions) {
    this.#options = options;
  }

  /** The account of one client. */
  account(client: string): ClientAccount {
    return {
      reserve: (type, bytes, bounds) => this.#reserve(client, { type, bytes, bounds }),
      stored: (type, bytes) => this.#note(client, storedActs(type, bytes)),
      checkTrash: (bytes, bounds) => this.#checkTrash(client, bytes, bounds),
      removed: (type, bytes) => this.#note(client, removedActs(type, bytes)),
      refused: () => this.#note(client, { refused: 1 }),
    };
  }

  /** What a client is to be told of what it has stored, and may; nothing before it has stored anything since the start. */
  told(client: string): QuotaState | undefined {
    const quota = this.#quotas.get(client);
    if (quota === undefined) return undefined;
    return { usedBytes: this.#used(client), quotaBytes: quota >= noQuota ? undefined : quota };
  }

  /** Puts on record what was done, looks whether clients are as usual, and counts anew what is due; to be called now and then. */
  async upkeep(): Promise<void> {
    await this.flush();
    await this.#judge();
    this.count().catch((error: unknown) => {
      if (!this.#ended.signal.aborted)
        this.#options.log.warn('what clients have stored could not be counted', { error });
    });
  }

  /** Puts on record what was done. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#write());
  }

  async #write(): Promise<void> {
    const { authority } = this.#options;
    this.#writing = this.#acts;
    this.#acts = new Map();
    try {
      await authority.activity.add(this.#writing, authority.time());
      this.#noteMeanwhile();
      this.#known = new Map(await authority.activity.usage());
      this.#writing = new Map();
    } catch (error) {
      const left = this.#writing;
      this.#writing = new Map();
      for (const [client, done] of left) this.#note(client, done);
      throw error;
    }
  }

  #noteMeanwhile(): void {
    const acts = this.#meanwhile && this.#writing.get(this.#meanwhile.client);
    if (this.#meanwhile === undefined || acts === undefined) return;
    this.#meanwhile.bytes += acts.bytes;
    this.#meanwhile.trashBytes += acts.trashBytes;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Counts in the store what is due, one client after the other. */
  count(): Promise<void> {
    this.#counting ??= this.#countDue().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  /** Stops counting; what is not on record yet is put there by a {@link flush}. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#counting?.catch(() => {});
  }

  async #countDue(): Promise<void> {
    const { directory, authority } = this.#options;
    for await (const { client, repository } of repositoriesIn(directory)) {
      if (repository !== undefined) continue;
      this.#ended.signal.throwIfAborted();
      const countedAt = this.#known.get(client)?.countedAt;
      const isRecent =
        countedAt !== undefined && Math.abs(authority.time() - countedAt.getTime()) < countEveryMs;
      if (!isRecent) await this.#countOne(client);
    }
  }

  async #countOne(client: string): Promise<void> {
    const { directory, authority } = this.#options;
    const { signal } = this.#ended;
    // Whatever is on its way is there before it is counted.
    await this.#inTurn(async () => {
      if (this.#acts.size > 0) await this.#write();
    });
    const beforeMs = authority.time();
    const meanwhile = { client, bytes: 0, trashBytes: 0 };
    this.#meanwhile = meanwhile;
    const { bytes, trashBytes } = await countClient({ directory, client, beforeMs, signal });
    await this.#inTurn(async () => {
      const counted = {
        bytes: Math.max(0, bytes + meanwhile.bytes),
        trashBytes: Math.max(0, trashBytes + meanwhile.trashBytes),
      };
      await authority.activity.count(client, counted, beforeMs);
      // Of this one alone: to read all for each would take a thousand new clients a million rows.
      this.#known.set(client, { ...counted, countedAt: new Date(beforeMs) });
    });
  }

  async #judge(): Promise<void> {
    const { authority } = this.#options;
    const nowMs = authority.time();
    const isForAll = Math.abs(nowMs - this.#judgedAllMs) >= judgeAllEveryMs;
    if (isForAll) {
      this.#judgedAllMs = nowMs;
      await authority.activity.forget(nowMs);
    }
    const due = isForAll ? new Set([...this.#known.keys(), ...this.#touched.keys()]) : this.#dueFrom(nowMs);
    for (const client of due) {
      this.#judgedMs.set(client, nowMs);
      this.#touched.delete(client);
      this.#say(await authority.activity.judge(client, nowMs));
    }
  }

  #dueFrom(nowMs: number): Iterable<string> {
    return [...this.#touched].filter(
      (client) => Math.abs(nowMs - (this.#judgedMs.get(client) ?? 0)) >= judgeOneEveryMs,
    );
  }

  #say(changes: Awaited<ReturnType<Authority['activity']['judge']>>): void {
    const { log } = this.#options;
    for (const { client, alarm, detail, isOver } of changes)
      if (isOver) log.info('an alarm is over', { client, alarm });
      else log.warn('a client is not as usual', { client, alarm, detail });
  }

  #reserve(
    client: string,
    { type, bytes, bounds }: { type: ObjectType | 'config'; bytes: number; bounds: ClientBounds },
  ): Disposable {
    const quotaBytes = this.#quotaOf(client, bounds);
    const used = this.#used(client);
    const grace = type === 'data' ? 0 : quotaBytes * graceFrom;
    if (used + bytes > quotaBytes + grace)
      throw new HoldfastError(
        'quota_exceeded',
        `client/${client} has stored ${used} bytes of ${quotaBytes}, and ${bytes} more were to come`,
      );
    this.#reserved.set(client, (this.#reserved.get(client) ?? 0) + bytes);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#reserved.get(client) ?? 0) - bytes;
        if (left > 0) this.#reserved.set(client, left);
        else this.#reserved.delete(client);
      },
    };
  }

  #checkTrash(client: string, bytes: number, bounds: ClientBounds): void {
    const quotaBytes = this.#quotaOf(client, bounds);
    const resting = this.#sum(client, 'trashBytes');
    if (resting + bytes <= quotaBytes) return;
    throw new HoldfastError(
      'trash_exceeded',
      `${resting} bytes of client/${client} rest in the trash, of ${quotaBytes} that it may store`,
    );
  }

  /** Infinite where there is none. */
  #quotaOf(client: string, { quotaBytes }: ClientBounds): number {
    const decided = quotaBytes ?? this.#options.authority.policy.current.quotaBytes;
    const quota = decided === 0 && quotaBytes === undefined ? Number.POSITIVE_INFINITY : decided;
    this.#quotas.set(client, quota);
    return quota;
  }

  #used(client: string): number {
    return this.#sum(client, 'bytes') + (this.#reserved.get(client) ?? 0);
  }

  #sum(client: string, field: 'bytes' | 'trashBytes'): number {
    const all = [this.#known, this.#writing, this.#acts].map((each) => each.get(client)?.[field] ?? 0);
    return all.reduce((sum, bytes) => sum + bytes, 0);
  }

  #note(client: string, done: Partial<ClientActs>): void {
    const before = this.#acts.get(client) ?? nothing;
    const sums = Object.entries(before).map(([key, value]) => [
      key,
      value + (done[key as keyof ClientActs] ?? 0),
    ]);
    this.#acts.set(client, Object.fromEntries(sums));
    this.#touched.add(client);
  }
}

function storedActs(type: ObjectType | 'config', bytes: number): Partial<ClientActs> {
  if (type === 'locks') return { bytes };
  return {
    bytes,
    addedBytes: bytes,
    snapshots: Number(type === 'snapshots'),
    keys: Number(type === 'keys'),
  };
}

/** Locks go for good, and are nothing to speak of. */
function removedActs(type: ObjectType | 'config', bytes: number): Partial<ClientActs> {
  if (type === 'locks') return { bytes: -bytes };
  return {
    bytes: -bytes,
    trashBytes: bytes,
    removedObjects: 1,
    removedBytes: bytes,
    removedSnapshots: Number(type === 'snapshots'),
  };
}
