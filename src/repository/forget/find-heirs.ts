import { isDeepStrictEqual } from 'node:util';
import type { ObjectId } from '../../storage/index.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';

/** Snapshots of a group that are judged, and those that stay and go with them. */
export interface Heirs {
  readonly judged: readonly StoredSnapshot[];
  /** By the id of one that is judged: the same with other tags, which came later. */
  readonly heirs: ReadonlyMap<ObjectId, readonly StoredSnapshot[]>;
}

/**
 * Tells snapshots of one group that are another one of it with other tags. Such a one came when it was tagged, and what it says of an earlier one is the word of a client:
 * it takes no place of its own, and has that of the one which came first and has the same content. Whoever names a snapshot that is not here, or has another tree, time, host
 * or folders, is judged by its own arrival.
 */
export function findHeirs(members: readonly StoredSnapshot[]): Heirs {
  const first = new Map<ObjectId, StoredSnapshot[]>();
  const heirs = new Map<ObjectId, StoredSnapshot[]>();
  const judged: StoredSnapshot[] = [];
  for (const snapshot of members.toSorted(byArrival)) {
    const { id, original = id } = snapshot;
    const known = first.get(original)?.find((each) => isSame(each, snapshot));
    if (known === undefined) {
      judged.push(snapshot);
      first.set(original, [...(first.get(original) ?? []), snapshot]);
    } else heirs.set(known.id, [...(heirs.get(known.id) ?? []), snapshot]);
  }
  return { judged, heirs };
}

/** Whose arrival is not known comes last; of two that came at once, the one that is a copy of none comes first. */
function byArrival(a: StoredSnapshot, b: StoredSnapshot): number {
  const [ours, others] = [a.arrivedMs ?? Infinity, b.arrivedMs ?? Infinity];
  if (ours !== others) return ours - others;
  return Number(a.original !== undefined) - Number(b.original !== undefined);
}

/** All but what rewriting one for its tags changes. */
function isSame(a: StoredSnapshot, b: StoredSnapshot): boolean {
  return isDeepStrictEqual(contentOf(a), contentOf(b));
}

function contentOf({ timeNs, tree, hostname, paths, username, excludes = [] }: StoredSnapshot) {
  return { timeNs, tree, hostname, paths, username, excludes };
}
