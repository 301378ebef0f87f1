import { encodeGoTime, parseGoTime } from './go-time.ts';
import { asCount, asText, type JsonObject } from './json-object.ts';

/** What a backup did, as restic keeps it in the snapshot since 0.17. Sizes in bytes. */
export interface SnapshotSummary {
  /** Nanoseconds since 1970. */
  readonly backupStartNs: bigint;
  readonly backupEndNs: bigint;
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  readonly dirsNew: number;
  readonly dirsChanged: number;
  readonly dirsUnmodified: number;
  readonly dataBlobs: number;
  readonly treeBlobs: number;
  /** Plaintext of the blobs that were new. */
  readonly dataAdded: number;
  /** What those took in the repository. */
  readonly dataAddedPacked: number;
  readonly totalFilesProcessed: number;
  readonly totalBytesProcessed: number;
}

type CountName = Exclude<keyof SnapshotSummary, 'backupStartNs' | 'backupEndNs'>;

/** Our names and restic's, in its order. */
const counts: readonly (readonly [CountName, string])[] = [
  ['filesNew', 'files_new'],
  ['filesChanged', 'files_changed'],
  ['filesUnmodified', 'files_unmodified'],
  ['dirsNew', 'dirs_new'],
  ['dirsChanged', 'dirs_changed'],
  ['dirsUnmodified', 'dirs_unmodified'],
  ['dataBlobs', 'data_blobs'],
  ['treeBlobs', 'tree_blobs'],
  ['dataAdded', 'data_added'],
  ['dataAddedPacked', 'data_added_packed'],
  ['totalFilesProcessed', 'total_files_processed'],
  ['totalBytesProcessed', 'total_bytes_processed'],
];

/** The JSON of a summary. */
export function encodeSummary(summary: SnapshotSummary): string {
  const start = `"backup_start":"${encodeGoTime(summary.backupStartNs)}"`;
  const end = `"backup_end":"${encodeGoTime(summary.backupEndNs)}"`;
  return `{${[start, end, ...counts.map(([name, key]) => `"${key}":${summary[name]}`)].join(',')}}`;
}

/** Reads a summary; what is not there counts as zero. */
export function parseSummary(json: JsonObject): SnapshotSummary {
  const time = (key: string): bigint => parseGoTime(asText(json[key]) ?? '') ?? 0n;
  const numbers = counts.map(([name, key]) => [name, asCount(json[key]) ?? 0] as const);
  return {
    backupStartNs: time('backup_start'),
    backupEndNs: time('backup_end'),
    ...(Object.fromEntries(numbers) as Record<CountName, number>),
  };
}
