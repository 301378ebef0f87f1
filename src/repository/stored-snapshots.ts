import { forEachLimited, type HoldfastError, isHoldfastError, minuteMs } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { parseSnapshot, type Snapshot } from './format/snapshot.ts';
import { matchesFilter } from './snapshot-filter.ts';
import type { UnpackedStore } from './unpacked-store.ts';

/** A snapshot and its name. */
export interface StoredSnapshot extends Snapshot {
  readonly id: ObjectId;
  /** When it was stored, where the store knows and that can be so; milliseconds since 1970. */
  readonly arrivedMs?: number;
}

/** How far two clocks that are right may lie apart. */
const toleranceMs = 5 * minuteMs;
/** RFC 3339 knows no time before it. */
const beforeAll = -(2n ** 100n);
/** A file that is older is not older than restic itself: a copy has lost its time. */
const earliestArrivalMs = Date.UTC(2015, 0);

/** Whether a snapshot can have arrived when its store says so: a copy may have lost the time, and a clock been ahead there too. */
export function isPossibleArrival(arrivedMs: number | undefined, nowMs: number): arrivedMs is number {
  return arrivedMs !== undefined && arrivedMs >= earliestArrivalMs && arrivedMs <= nowMs + toleranceMs;
}

/**
 * Whether a snapshot says that it was made after it arrived, or later than now where nobody knows when it arrived: the
 * clock of whoever made it was ahead.
 */
export function isFromFuture(snapshot: StoredSnapshot, nowMs: number): boolean {
  return msOf(snapshot.timeNs) > (snapshot.arrivedMs ?? nowMs) + toleranceMs;
}

/**
 * Snapshots in the order in which they were made, the oldest first; this alone says what `latest` is.
 *
 * - A snapshot's own time counts, unless it is from the future; one that is stands where it arrived.
 * - One from the future of which nobody knows when it arrived stands before all others: nothing is newer by its word alone.
 * - None stands before the one that it was compared with, whatever a clock said that was behind.
 *
 * When a file arrived is believed no further than that: a copy of a repository may have given all of them other times.
 */
export function orderSnapshots(snapshots: readonly StoredSnapshot[], nowMs: number): StoredSnapshot[] {
  const positions = positionsOf(snapshots, nowMs);
  const place = ({ id }: StoredSnapshot): bigint => positions.get(id)?.place ?? beforeAll;
  const compare = (a: StoredSnapshot, b: StoredSnapshot): number =>
    order(place(a), place(b)) || order(a.timeNs, b.timeNs) || (a.id < b.id ? -1 : 1);
  return [...snapshots].sort(compare);
}

/** Where a snapshot stands, in nanoseconds since 1970. */
interface Position {
  /** Undefined for before all that have a place. */
  readonly place: bigint | undefined;
  /** What was compared with it stands after that; one without a place hands on what it stands after itself. */
  readonly floor: bigint | undefined;
}

function positionsOf(snapshots: readonly StoredSnapshot[], nowMs: number): ReadonlyMap<ObjectId, Position> {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const positions = new Map<ObjectId, Position>();
  for (const snapshot of snapshots) {
    // Back to one that has a position, and from there on again.
    for (const { id, parent, own } of lineage(snapshot, byId, positions, nowMs)) {
      const floor = parent === undefined ? undefined : positions.get(parent)?.floor;
      const place = own !== undefined && floor !== undefined && own <= floor ? floor + 1n : own;
      positions.set(id, { place, floor: place ?? floor });
    }
  }
  return positions;
}

interface Placing {
  readonly id: ObjectId;
  readonly parent: ObjectId | undefined;
  /** Where it stands by times alone. */
  readonly own: bigint | undefined;
}

/** A snapshot and its ancestors that have no position yet, the oldest first; no more than there are, should they go round. */
function lineage(
  snapshot: StoredSnapshot,
  byId: ReadonlyMap<ObjectId, StoredSnapshot>,
  positions: ReadonlyMap<ObjectId, Position>,
  nowMs: number,
): Placing[] {
  const found: Placing[] = [];
  let next: StoredSnapshot | undefined = snapshot;
  while (next !== undefined && !positions.has(next.id) && found.length < byId.size) {
    const { id, parent }: StoredSnapshot = next;
    found.push({ id, parent, own: ownPlace(next, nowMs) });
    next = parent === undefined ? undefined : byId.get(parent);
  }
  return found.reverse();
}

function ownPlace(snapshot: StoredSnapshot, nowMs: number): bigint | undefined {
  const { timeNs, arrivedMs } = snapshot;
  if (!isFromFuture(snapshot, nowMs)) return timeNs;
  return arrivedMs === undefined ? undefined : BigInt(arrivedMs) * 1_000_000n;
}

function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}

function order(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const concurrentReads = 8;
/** How a list of snapshots is read. */
export interface SnapshotListOptions {
  readonly signal?: AbortSignal;
  /** Told of each snapshot that cannot be read, which is then left out. */
  readonly onDamaged: (id: ObjectId, error: HoldfastError) => void;
  /** Told of each snapshot that was made by a clock that was ahead; see {@link orderSnapshots}. */
  readonly onFuture?: (snapshot: StoredSnapshot) => void;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** All snapshots that can be read, in the order of {@link orderSnapshots}. */
export async function loadSnapshots(
  files: UnpackedStore,
  options: SnapshotListOptions,
): Promise<StoredSnapshot[]> {
  const { onDamaged, onFuture, nowMs, signal } = options;
  const cancel = signal && { signal };
  const infos = await files.list('snapshots', { ...cancel, arrivals: true });
  const snapshots: StoredSnapshot[] = [];
  await forEachLimited(infos, concurrentReads, async ({ name, arrivedMs }) => {
    try {
      const snapshot = await loadSnapshot(files, name, cancel);
      snapshots.push(isPossibleArrival(arrivedMs, nowMs) ? { ...snapshot, arrivedMs } : snapshot);
    } catch (error) {
      // Somebody may have forgotten it since the listing.
      if (isHoldfastError(error, 'object_not_found')) return;
      if (!isHoldfastError(error, 'repository_damaged', 'object_corrupt', 'storage_failed')) throw error;
      onDamaged(name, error);
    }
  });
  const ordered = orderSnapshots(snapshots, nowMs);
  if (onFuture) ordered.filter((snapshot) => isFromFuture(snapshot, nowMs)).forEach(onFuture);
  return ordered;
}

/**
 * The snapshot that a new one of the same host and the same paths is compared with: the last one of them. It may say that
 * it is newer than the new one, whose clock is then behind; that the new one names it shows which was made first. Where there is
 * none, the last that has saved these paths and others, as when one of them is missing today: without it all is read again.
 */
export function findParent(
  snapshots: readonly StoredSnapshot[],
  group: { readonly hostname: string; readonly paths: readonly string[] },
): StoredSnapshot | undefined {
  const wanted = groupKey(group);
  return (
    snapshots.findLast((snapshot) => groupKey(snapshot) === wanted) ??
    snapshots.findLast((snapshot) => matchesFilter(snapshot, { hosts: [group.hostname], paths: group.paths }))
  );
}

/** One snapshot. @throws HoldfastError `object_not_found`, `repository_damaged` */
export async function loadSnapshot(
  files: UnpackedStore,
  id: ObjectId,
  options: { signal?: AbortSignal } = {},
): Promise<StoredSnapshot> {
  return { ...parseSnapshot(await files.load('snapshots', id, options), `snapshot ${id}`), id };
}

function groupKey(group: { readonly hostname?: string; readonly paths: readonly string[] }): string {
  return JSON.stringify([group.hostname ?? '', [...group.paths].sort()]);
}
