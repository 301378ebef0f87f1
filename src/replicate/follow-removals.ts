import { isHoldfastError } from '../base/index.ts';
import type { ObjectId, ObjectStore, ObjectType } from '../storage/index.ts';
import type { ObjectNames } from './object-names.ts';
import type { Absence, AbsenceRecords } from './records/absences.ts';

/** When what a source has no more leaves a copy. */
export interface RemovalOptions {
  readonly to: ObjectStore;
  /** What this copy is called on record. */
  readonly copy: string;
  readonly absences: AbsenceRecords;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** So long something has to be missed before it goes. */
  readonly removeAfterMs: number;
  /** That most was lost at once is meant so. */
  readonly acceptsLoss?: boolean;
  /** Nothing is missed and nothing goes in this round: the copy is not whole. */
  readonly held: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What became of what the source has no more. */
export interface Removals {
  readonly removed: number;
  /** What has not been missed for long enough, or may not go. */
  readonly waiting: number;
  /** Nothing goes: the source has lost most of what it had at once, and somebody has to say that this is meant. */
  readonly isHalted: boolean;
}

/** What refers goes before what it refers to. */
const removalOrder = ['snapshots', 'index', 'data', 'keys'] as const satisfies ObjectType[];

/** Fewer snapshots than these may all but one go at once. */
const fewSnapshots = 4;

/** How much there is of one type. */
export interface Amount {
  readonly count: number;
  readonly bytes: number;
}

/** The objects of one type at both ends. */
export interface BothEnds {
  /** What the copy had, in which the source has been met. */
  readonly here: ObjectNames;
  readonly source: Amount;
}

/**
 * Lets what a source has no more leave its copy, after a delay and in the order in which a repository is taken apart.
 * A source that lost most at once is not followed.
 */
export async function followRemovals(
  ends: ReadonlyMap<ObjectType, BothEnds>,
  options: RemovalOptions,
): Promise<Removals> {
  const { absences, copy, nowMs, held, acceptsLoss = false } = options;
  const waiting = { removed: 0, waiting: 0, isHalted: false };
  if (held) return waiting;
  const changes = new Map<ObjectType, Change>();
  for (const type of removalOrder) {
    const both = ends.get(type);
    if (both === undefined) continue;
    const change = changeOf(both.here, await absences.all(copy, type));
    if (!acceptsLoss && hasLostMost(type, change.lived, both.source)) return { ...waiting, isHalted: true };
    changes.set(type, change);
  }
  for (const [type, { missed, back }] of changes) await absences.change(copy, type, { missed, back, nowMs });
  return await removeDue(options);
}

/** What has changed of what is missed. */
interface Change {
  readonly missed: readonly ObjectId[];
  readonly back: readonly ObjectId[];
  /** What the copy had that the source had too when it was last looked at. */
  readonly lived: Amount;
}

function changeOf(here: ObjectNames, known: readonly Absence[]): Change {
  const gone = new Set(known.map(({ name }) => name));
  const missed: ObjectId[] = [];
  let { count, bytes } = here;
  for (const { name, size } of here.unmet()) {
    if (!gone.delete(name)) {
      missed.push(name);
      continue;
    }
    count -= 1;
    bytes -= size;
  }
  return { missed, back: [...gone], lived: { count, bytes } };
}

/** By how much there is, not by names: a prune puts other packs and indexes in the place of those that it takes away. */
function hasLostMost(type: ObjectType, lived: Amount, left: Amount): boolean {
  if (left.count === 0) return lived.count > 0;
  if (type === 'snapshots') return left.count * 2 < lived.count && lived.count >= fewSnapshots;
  return type === 'data' && left.bytes * 2 < lived.bytes;
}

async function removeDue(options: RemovalOptions): Promise<Removals> {
  const { absences, copy, nowMs, removeAfterMs } = options;
  const done = { removed: 0, waiting: 0, isHalted: false };
  let neededFromMs = Number.POSITIVE_INFINITY;
  for (const type of removalOrder) {
    let refusedMs = Number.POSITIVE_INFINITY;
    for (const { name, sinceMs } of await absences.all(copy, type)) {
      // Whatever was missed after something that stays may be what that refers to.
      const isDue = sinceMs + removeAfterMs <= nowMs && sinceMs < neededFromMs;
      if (isDue && (await removeIfLet(options, type, name))) {
        done.removed += 1;
        continue;
      }
      if (isDue) refusedMs = Math.min(refusedMs, sinceMs);
      done.waiting += 1;
    }
    neededFromMs = Math.min(neededFromMs, refusedMs);
  }
  return done;
}

/** False where whoever keeps the copy does not let it go: a retention lock, a full trash, a client in quarantine. */
async function removeIfLet(
  { to, absences, copy, signal }: RemovalOptions,
  type: (typeof removalOrder)[number],
  name: ObjectId,
): Promise<boolean> {
  try {
    await to.remove({ type, name }, { ...(signal && { signal }) });
  } catch (error) {
    if (isHoldfastError(error, ...refusals)) return false;
    throw error;
  }
  await absences.forget(copy, { type, name });
  return true;
}

const refusals = ['append_only', 'retention_locked', 'trash_exceeded', 'node_quarantined'] as const;
