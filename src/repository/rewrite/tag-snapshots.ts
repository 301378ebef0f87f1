import { isDeepStrictEqual } from 'node:util';
import type { HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { encodeSnapshot } from '../format/snapshot.ts';
import type { Repository } from '../repository.ts';
import type { LockOptions } from '../repository-lock.ts';
import type { SnapshotFilter } from '../snapshot-filter.ts';
import type { SnapshotListOptions, StoredSnapshot } from '../stored-snapshots.ts';

/** What becomes of the tags of a snapshot: others, or more, and less. */
export type TagChange =
  | { readonly set: readonly string[] }
  | { readonly add: readonly string[]; readonly remove: readonly string[] };

/** Which snapshots are tagged, and how. */
export interface TagOptions
  extends Pick<SnapshotListOptions, 'signal' | 'onFuture'>,
    Pick<LockOptions, 'retryForMs' | 'onWaiting'> {
  /** Names as `findSnapshots` takes them; all that the filter lets through where there is none. */
  readonly names: readonly string[];
  readonly filter: SnapshotFilter;
  readonly change: TagChange;
}

/** A snapshot that was written anew under another name. */
export interface RewrittenSnapshot {
  readonly before: StoredSnapshot;
  readonly id: ObjectId;
  readonly tags: readonly string[];
  /** Why the old one is still there beside it, if it is. */
  readonly kept: HoldfastError | undefined;
}

/** What was tagged. */
export interface TagSummary {
  readonly changed: readonly RewrittenSnapshot[];
  /** How many have the tags already that they were to have. */
  readonly unchanged: number;
}

/**
 * Changes the tags of snapshots: each is written anew, under another name, and the old one removed; it keeps its place among those that are
 * judged by their arrival. Stopped in between, one snapshot may be there twice. It holds an exclusive lock.
 */
export async function tagSnapshots(
  repository: Repository,
  { names, filter, change, signal: stop, onFuture, ...waiting }: TagOptions,
): Promise<TagSummary> {
  await using lock = await repository.lock({ ...waiting, exclusive: true, signal: stop });
  const signal = stop ? AbortSignal.any([stop, lock.lost]) : lock.lost;
  const snapshots = await repository.findSnapshots(names, { ...filter, signal, onFuture });
  const changed: RewrittenSnapshot[] = [];
  for (const before of snapshots) {
    const tags = changedTags(before.tags ?? [], change);
    if (isDeepStrictEqual(tags, before.tags ?? [])) continue;
    const { id: original } = before;
    const json = encodeSnapshot({ original, ...before, tags });
    changed.push({ before, tags, ...(await repository.files.replaceSnapshot(before.id, json, { signal })) });
  }
  return { changed, unchanged: snapshots.length - changed.length };
}

/** What is there already is not added twice. */
function changedTags(tags: readonly string[], change: TagChange): readonly string[] {
  if ('set' in change) return change.set;
  const added = change.add.filter((tag, at, all) => !tags.includes(tag) && all.indexOf(tag) === at);
  return [...tags, ...added].filter((tag) => !change.remove.includes(tag));
}
