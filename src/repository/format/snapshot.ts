import { type Bytes, HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { type BlobId, isId } from './blob.ts';
import {
  asCount,
  asText,
  asTexts,
  goJsonString,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
} from './go-text.ts';
import { encodeGoTime, parseGoTime, zoneOfGoTime } from './go-time.ts';

/** What was saved, when, where and from whom (restic design document, "Snapshots"). */
export interface Snapshot {
  /** Nanoseconds since 1970; the word of the machine that made it. */
  readonly timeNs: bigint;
  /** How far the clock of that machine was ahead of UTC, in minutes; that of this machine unless said. */
  readonly zoneMinutes?: number;
  /** The snapshot that this one was compared with. */
  readonly parent?: ObjectId;
  readonly tree: BlobId;
  /** Absolute paths. Bytes that are not UTF-8 show as U+FFFD; the tree has the raw names. */
  readonly paths: readonly string[];
  readonly hostname?: string;
  readonly username?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly excludes?: readonly string[];
  readonly tags?: readonly string[];
  /** The name this snapshot had before its metadata was rewritten the first time. */
  readonly original?: ObjectId;
  readonly programVersion?: string;
  readonly summary?: SnapshotSummary;
}

/** When a snapshot was made, to the millisecond. */
export function snapshotTime(snapshot: Snapshot): Date {
  return new Date(Number(snapshot.timeNs / 1_000_000n));
}

/** The JSON of a snapshot file, its keys in restic's order. */
export function encodeSnapshot(snapshot: Snapshot): Bytes {
  let json = `{"time":"${encodeGoTime(snapshot.timeNs, snapshot.zoneMinutes)}"`;
  if (snapshot.parent) json += `,"parent":"${snapshot.parent}"`;
  json += `,"tree":"${snapshot.tree}","paths":${encodeTexts(snapshot.paths)}`;
  if (snapshot.hostname) json += `,"hostname":${goJsonString(snapshot.hostname)}`;
  if (snapshot.username) json += `,"username":${goJsonString(snapshot.username)}`;
  if (snapshot.uid) json += `,"uid":${snapshot.uid}`;
  if (snapshot.gid) json += `,"gid":${snapshot.gid}`;
  if (snapshot.excludes?.length) json += `,"excludes":${encodeTexts(snapshot.excludes)}`;
  if (snapshot.tags?.length) json += `,"tags":${encodeTexts(snapshot.tags)}`;
  if (snapshot.original) json += `,"original":"${snapshot.original}"`;
  if (snapshot.programVersion) json += `,"program_version":${goJsonString(snapshot.programVersion)}`;
  if (snapshot.summary) json += `,"summary":${encodeSummary(snapshot.summary)}`;
  return Buffer.from(`${json}}`);
}

/** Reads the JSON of a snapshot file; `repository_damaged`, naming `what`, without a time or a tree. */
export function parseSnapshot(text: Bytes, what: string): Snapshot {
  const json = parseJsonObject(text, what);
  const time = asText(json['time']) ?? '';
  const timeNs = parseGoTime(time);
  if (timeNs === undefined) throw malformed(what, 'it has no time');
  if (!isId(json['tree'])) throw malformed(what, 'it has no tree');
  return {
    timeNs,
    zoneMinutes: zoneOfGoTime(time),
    tree: json['tree'],
    paths: asTexts(json['paths']) ?? [],
    ...(isId(json['parent']) && { parent: json['parent'] }),
    ...(isId(json['original']) && { original: json['original'] }),
    ...parseOrigin(json),
    ...parseSelection(json),
    ...(isJsonObject(json['summary']) && { summary: parseSummary(json['summary']) }),
  };
}

function parseOrigin(json: JsonObject): Partial<Snapshot> {
  const hostname = asText(json['hostname']);
  const username = asText(json['username']);
  const uid = asCount(json['uid']);
  const gid = asCount(json['gid']);
  return {
    ...(hostname && { hostname }),
    ...(username && { username }),
    ...(uid && { uid }),
    ...(gid && { gid }),
  };
}

function parseSelection(json: JsonObject): Partial<Snapshot> {
  const excludes = asTexts(json['excludes']);
  const tags = asTexts(json['tags']);
  const programVersion = asText(json['program_version']);
  return { ...(excludes && { excludes }), ...(tags && { tags }), ...(programVersion && { programVersion }) };
}

function encodeTexts(texts: readonly string[]): string {
  return `[${texts.map(goJsonString).join(',')}]`;
}

function malformed(what: string, why: string): HoldfastError {
  return new HoldfastError('repository_damaged', `${what}: ${why}`);
}

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
function encodeSummary(summary: SnapshotSummary): string {
  const start = `"backup_start":"${encodeGoTime(summary.backupStartNs)}"`;
  const end = `"backup_end":"${encodeGoTime(summary.backupEndNs)}"`;
  return `{${[start, end, ...counts.map(([name, key]) => `"${key}":${summary[name]}`)].join(',')}}`;
}

/** Reads a summary; what is not there counts as zero. */
function parseSummary(json: JsonObject): SnapshotSummary {
  const time = (key: string): bigint => parseGoTime(asText(json[key]) ?? '') ?? 0n;
  const numbers = counts.map(([name, key]) => [name, asCount(json[key]) ?? 0] as const);
  return {
    backupStartNs: time('backup_start'),
    backupEndNs: time('backup_end'),
    ...(Object.fromEntries(numbers) as Record<CountName, number>),
  };
}
