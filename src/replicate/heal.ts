import type { Log } from '../base/index.ts';
import type { ArrivingWrite, NamedRef, ObjectStore } from '../storage/index.ts';
import { copyObject, lookAt } from './copy-object.ts';
import type { ReplicateRecords } from './records/replicate-records.ts';
import type { DamageRow } from './records/scrub.ts';

/** Somewhere that may have a good one of what is damaged here. */
export interface HealSource {
  /** What it is called where it is said. */
  readonly name: string;
  readonly store: ObjectStore;
}

/** One repository of a store that is read through. */
export interface ScrubbedRepository {
  /** What it is called on record; they are gone through in this order. */
  readonly name: string;
  /** Its files as they are: nothing rests, nothing is counted. */
  readonly store: ObjectStore;
  /** Takes an object out of the way, never to be deleted; false where it is not there. */
  readonly takeAside: (ref: NamedRef, atMs: number) => Promise<boolean>;
  /** Where good ones may be, the nearest first. */
  readonly sources: () => Promise<readonly HealSource[]>;
}

/** What healing needs. */
export interface Healing {
  readonly records: Pick<ReplicateRecords, 'damages'>;
  readonly now: () => number;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a damaged object aside and brings a good one in its place, where any source has it; otherwise it waits on record.
 * Whoever looks finds no such object meanwhile: a client that backs up finds it missing, and sends again what was in it.
 * True where it is healed.
 */
export async function healObject(
  repository: ScrubbedRepository,
  damage: Pick<DamageRow, 'type' | 'name' | 'size' | 'arrived_at'>,
  healing: Healing,
): Promise<boolean> {
  const { records, now, log } = healing;
  const { type, name } = damage;
  const row = { ...damage, repository: repository.name, found_at: now() };
  // On record before it is out of the way, so that one who is killed in between knows of it.
  await records.damages.found(row);
  await repository.takeAside({ type, name }, row.found_at);
  log.error('a stored file is damaged, and was taken aside', { repository: repository.name, type, name });
  return await healOpen(repository, { ...row, healed_at: null, healed_by: null }, healing);
}

/** The same for objects that somebody found damaged, where they still are. */
export async function mendObjects(
  repository: ScrubbedRepository,
  refs: readonly NamedRef[],
  healing: Healing,
): Promise<void> {
  for (const ref of refs) {
    if ((await lookAt(repository.store, ref, healing.signal)) !== 'damaged') continue;
    const size = await repository.store.stat(ref);
    const arrived_at = await arrivalIn(repository.store, ref, healing.signal);
    await healObject(repository, { ...ref, size, arrived_at }, healing);
  }
}

/** Tries again what waits. True where it is healed, be it that somebody has stored it again. */
export async function healOpen(
  repository: ScrubbedRepository,
  damage: DamageRow,
  healing: Healing,
): Promise<boolean> {
  const { records, now, log, signal } = healing;
  const by = await healedBy(repository, damage, signal);
  if (by === undefined) return false;
  await records.damages.healed(damage, by, now());
  const { type, name } = damage;
  log.info('a damaged file is healed', { repository: repository.name, type, name, by });
  return true;
}

/** Who has brought a good one. */
async function healedBy(
  { store, sources }: ScrubbedRepository,
  { type, name, size, arrived_at }: DamageRow,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const ref = { type, name };
  if ((await lookAt(store, ref, signal)) === 'good') return 'its client';
  // It came when the damaged one did, so that no lock on it begins anew.
  const options: ArrivingWrite = { size, signal, ...(arrived_at !== null && { arrivedMs: arrived_at }) };
  for (const source of await sources()) {
    const outcome = await copyFrom(source, store, ref, options);
    if (outcome) return source.name;
  }
  return undefined;
}

/** When an object came, which one in its place keeps; null where that is not known. */
export async function arrivalIn(
  store: ObjectStore,
  { type, name }: NamedRef,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  for await (const batch of store.scan(type, { arrivals: true, ...(signal && { signal }) }))
    for (const info of batch) if (info.name === name) return info.arrivedMs ?? null;
  return null;
}

/** A source that is down, has it damaged or has it not leaves the next one to be asked. */
async function copyFrom(
  { store: from }: HealSource,
  to: ObjectStore,
  ref: NamedRef,
  options: ArrivingWrite,
): Promise<boolean> {
  try {
    const size = await from.stat(ref, options.signal && { signal: options.signal });
    return (await copyObject(from, to, ref, { ...options, size })) === 'copied';
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}
