import { setTimeout } from 'node:timers/promises';
import { dayMs, isHoldfastError, secondMs } from '../base/index.ts';
import type { ObjectId, ObjectInfo, ObjectStore, ObjectType } from '../storage/index.ts';
import { lookAt } from './copy-object.ts';
import { arrivalIn, type Healing, healObject, healOpen, type ScrubbedRepository } from './heal.ts';
import { ObjectNames } from './object-names.ts';
import type { ReplicateRecords } from './records/replicate-records.ts';
import type { ScrubRow } from './records/scrub.ts';

/** Each file is read at least so often unless said. */
export const defaultScrubPeriodMs = 30 * dayMs;

/** A store, and how it is read through. */
export interface ScrubOptions extends Healing {
  readonly records: Pick<ReplicateRecords, 'scrub' | 'damages'>;
  /** Every repository, in the order of their names; made anew each time that it is asked for. */
  readonly repositories: () => AsyncIterable<ScrubbedRepository>;
  /** Each file is to be read at least so often; 0 reads as fast as the disk does. Asked while it is waited. */
  readonly periodMs: () => number;
  /** Waits; the real one unless said. */
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** What one time through found. */
export interface ScrubSummary {
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
}

/** Those that matter most first: without one of them, much else is no use. */
const scrubbedTypes = ['snapshots', 'index', 'keys', 'data'] as const satisfies ObjectType[];

/** How far it has come is kept so often, by what was read and by time: that much is read twice after a kill. */
const keepEveryObjects = 256;
const keepEveryMs = 5 * secondMs;
/** It is looked again so often whether it is to be faster by now. */
const waitAtMostMs = 5 * secondMs;
/** Opening a file costs about what reading so much does. */
const costOfFile = 64 * 1024;
/** A time through is over before the period is, so that what came behind it is in time too. */
const partOfPeriod = 3 / 4;

/**
 * Reads every file of a store against its name, once, at a pace that takes three quarters of the period; goes on where
 * it was stopped, however it was. What is damaged is taken aside and healed, where it can be.
 */
export async function scrubStore(options: ScrubOptions): Promise<ScrubSummary> {
  const { records, now } = options;
  const row = await begin(records.scrub, now());
  await healWaiting(options);
  const pass = new Pass(options, row, await measure(options));
  for await (const repository of options.repositories())
    if (repository.name >= row.repository) await pass.read(repository);
  return await pass.end();
}

/** Tries again everything that waits for a good one, as when a replica is there again. */
export async function healWaiting(options: Omit<ScrubOptions, 'periodMs' | 'wait'>): Promise<number> {
  const open = await options.records.damages.open();
  if (open.length === 0) return 0;
  let healed = 0;
  for await (const repository of options.repositories())
    for (const damage of open.filter((one) => one.repository === repository.name))
      if (await healOpen(repository, damage, options)) healed += 1;
  return healed;
}

/** The one that was stopped, or a new one. */
async function begin(scrub: ReplicateRecords['scrub'], nowMs: number): Promise<ScrubRow> {
  const found = await scrub.find();
  if (found === undefined || found.ended_at !== null) await scrub.restart(nowMs);
  const row = await scrub.find();
  if (row === undefined) throw new TypeError('what was kept is not there');
  // A clock that was set back would have it wait for what has passed.
  return { ...row, began_at: Math.min(row.began_at, nowMs) };
}

/** What reading the whole store costs, in bytes. */
async function measure({ repositories, signal }: ScrubOptions): Promise<number> {
  let cost = 0;
  for await (const { store } of repositories())
    for (const type of scrubbedTypes)
      for await (const batch of store.scan(type, signal && { signal }))
        for (const { size } of batch) cost += size + costOfFile;
  return cost;
}

/** One time through a store. */
class Pass {
  readonly #options: ScrubOptions;
  readonly #total: number;
  #row: ScrubRow;
  #unkept = 0;
  #keptMs: number;

  constructor(options: ScrubOptions, row: ScrubRow, total: number) {
    this.#options = options;
    this.#row = row;
    this.#total = total;
    this.#keptMs = options.now();
  }

  /** Reads what comes after what was read. */
  async read(repository: ScrubbedRepository): Promise<void> {
    const isSame = repository.name === this.#row.repository;
    const doneType = isSame ? scrubbedTypes.findIndex((type) => type === this.#row.type) : -1;
    const doneName = this.#row.name;
    for (const [at, type] of scrubbedTypes.entries()) {
      if (at < doneType) continue;
      const names = await namesOf(repository.store, type, this.#options.signal);
      for (const info of names.inOrder(at === doneType ? doneName : ''))
        await this.#readOne(repository, type, info);
    }
  }

  async end(): Promise<ScrubSummary> {
    const { objects, bytes, damaged } = this.#row;
    await this.#keep({ ended_at: this.#options.now() });
    return { objects, bytes, damaged };
  }

  async #readOne(
    repository: ScrubbedRepository,
    type: (typeof scrubbedTypes)[number],
    { name, size }: Pick<ObjectInfo, 'name' | 'size'>,
  ): Promise<void> {
    const { signal, log } = this.#options;
    await this.#pace();
    const state = await lookAt(repository.store, { type, name }, signal);
    if (state === 'unreadable')
      log.error('a stored file could not be read', { repository: repository.name, type, name });
    if (state === 'damaged') await this.#heal(repository, type, name, size);
    this.#row = {
      ...this.#row,
      repository: repository.name,
      type,
      name,
      objects: this.#row.objects + 1,
      bytes: this.#row.bytes + size,
      damaged: this.#row.damaged + Number(state === 'damaged'),
    };
    this.#unkept += 1;
    const isDue = this.#unkept >= keepEveryObjects || this.#options.now() - this.#keptMs >= keepEveryMs;
    if (isDue || state === 'damaged') await this.#keep();
  }

  async #heal(
    repository: ScrubbedRepository,
    type: (typeof scrubbedTypes)[number],
    name: ObjectId,
    size: number,
  ): Promise<void> {
    const arrived_at = await arrivalIn(repository.store, { type, name }, this.#options.signal);
    await healObject(repository, { type, name, size, arrived_at }, this.#options);
  }

  /** Waits until as much of the time has passed as of the store was read. */
  async #pace(): Promise<void> {
    const { now, periodMs, signal, wait = realWait } = this.#options;
    const { began_at, objects, bytes } = this.#row;
    for (;;) {
      signal?.throwIfAborted();
      const part = Math.min(1, (bytes + objects * costOfFile) / Math.max(1, this.#total));
      const dueMs = began_at + periodMs() * partOfPeriod * part;
      const leftMs = dueMs - now();
      if (leftMs <= 0) return;
      if (this.#unkept > 0) await this.#keep();
      await wait(Math.min(leftMs, waitAtMostMs), signal);
    }
  }

  async #keep(more: Partial<ScrubRow> = {}): Promise<void> {
    this.#row = { ...this.#row, ...more };
    this.#unkept = 0;
    this.#keptMs = this.#options.now();
    await this.#options.records.scrub.keep(this.#row);
  }
}

async function namesOf(
  store: ObjectStore,
  type: ObjectType,
  signal: AbortSignal | undefined,
): Promise<ObjectNames> {
  try {
    return await ObjectNames.of(store, type, signal && { signal });
  } catch (error) {
    // It went while the store was gone through.
    if (isHoldfastError(error, 'repository_missing')) return new ObjectNames();
    throw error;
  }
}

async function realWait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(ms, undefined, signal && { signal });
}
