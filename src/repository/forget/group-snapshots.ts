import type { Snapshot } from '../format/snapshot.ts';

/** What the snapshots of a group have in common; what was not asked for is not there. */
export interface GroupKey {
  readonly host?: string;
  /** Sorted. */
  readonly paths?: readonly string[];
  /** Sorted. */
  readonly tags?: readonly string[];
}

/** What snapshots can be grouped by, in restic's words. */
export const groupFields = ['host', 'paths', 'tags'] as const;

export type GroupField = (typeof groupFields)[number];

/** Says which group a snapshot belongs to. */
export type GroupOf<T> = (snapshot: T) => GroupKey;

/** Groups by some of what snapshots say; by nothing, all are one group. */
export function groupBy(fields: readonly GroupField[]): GroupOf<Snapshot> {
  return ({ hostname = '', paths, tags = [] }) => ({
    ...(fields.includes('host') && { host: hostname }),
    ...(fields.includes('paths') && { paths: paths.toSorted() }),
    ...(fields.includes('tags') && { tags: tags.toSorted() }),
  });
}

/** Some snapshots and what they have in common. */
export interface Group<T> {
  readonly key: GroupKey;
  readonly snapshots: readonly T[];
}

/** Puts snapshots into groups, those in the order of the first of each. */
export function groupSnapshots<T>(snapshots: readonly T[], groupOf: GroupOf<T>): Group<T>[] {
  const groups = Map.groupBy(snapshots, (snapshot) => JSON.stringify(groupOf(snapshot)));
  return [...groups].map(([key, members]) => ({ key: JSON.parse(key) as GroupKey, snapshots: members }));
}

/** A group as messages name it: `host laptop, /home/ann, tags a b`, or `all snapshots`. */
export function describeGroup({ host, paths = [], tags = [] }: GroupKey): string {
  const parts = [
    ...(host === undefined ? [] : [`host ${host}`]),
    ...(paths.length === 0 ? [] : [paths.join(' ')]),
    ...(tags.length === 0 ? [] : [`tags ${tags.join(' ')}`]),
  ];
  return parts.length === 0 ? 'all snapshots' : parts.join(', ');
}
