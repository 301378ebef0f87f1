import type { Snapshot } from './format/snapshot.ts';

/** Which snapshots are meant, as restic's `--host`, `--path` and `--tag` say it; what is not given does not matter. */
export interface SnapshotFilter {
  /** A snapshot must be of one of these. */
  readonly hosts?: readonly string[];
  /** A snapshot must have saved all of these. */
  readonly paths?: readonly string[];
  /** A snapshot must have all tags of one of these lists; the empty tag is for those that have none. */
  readonly tags?: readonly (readonly string[])[];
}

/** Whether a filter lets a snapshot through. */
export function matchesFilter(snapshot: Snapshot, { hosts, paths = [], tags }: SnapshotFilter): boolean {
  if (hosts !== undefined && !hosts.includes(snapshot.hostname ?? '')) return false;
  if (tags !== undefined && !tags.some((all) => hasTags(snapshot, all))) return false;
  return paths.every((path) => snapshot.paths.includes(path));
}

/** Whether a snapshot has all of these tags; the empty one is for those that have none. */
export function hasTags({ tags = [] }: Pick<Snapshot, 'tags'>, all: readonly string[]): boolean {
  return all.every((tag) => (tag === '' ? tags.length === 0 : tags.includes(tag)));
}

/** What a filter asks for: ` of host laptop and folder /home/ann`, or nothing. */
export function describeFilter({ hosts = [], paths = [], tags = [] }: SnapshotFilter): string {
  const parts = [
    ...(hosts.length === 0 ? [] : [`host ${hosts.join(' or ')}`]),
    ...paths.map((path) => `folder ${path}`),
    ...(tags.length === 0 ? [] : [tags.map(describeTags).join(' or ')]),
  ];
  return parts.length === 0 ? '' : ` of ${parts.join(' and ')}`;
}

function describeTags(tags: readonly string[]): string {
  return tags.every((tag) => tag === '') ? 'no tag' : `tag ${tags.join(' with ')}`;
}
