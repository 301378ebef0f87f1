import type { Bytes } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex, BlobLocation } from '../format/blob-index.ts';
import type { FileAttributes } from './attributes.ts';
import type { FileProblem } from './content-run.ts';
import { plainLengthOf } from './run-blobs.ts';

/** A file whose content is wanted. */
export interface WantedFile {
  /** Absolute; empty when its content is only to be checked. */
  readonly path: Bytes;
  readonly content: readonly BlobId[];
  /** What it gets once its content is written. */
  readonly attributes?: FileAttributes;
}

/** A wanted file while its content is on the way. */
export interface FileInWork {
  readonly wanted: WantedFile;
  readonly size: number;
  /** In how many runs its pieces are. */
  runs: number;
  /** How many of those are not done. */
  runsLeft: number;
  /** Where its pieces are written; not known before the first run that has one. */
  place: Bytes | undefined;
  /** What is wrong with it; the first reason is kept. */
  problem: FileProblem | undefined;
}

/** A piece of a file and the blob that holds it. */
export interface PlannedPiece {
  readonly file: FileInWork;
  readonly offset: number;
  readonly blob: BlobLocation;
}

/** A stretch of a pack to be read at once. */
export interface PlannedRun {
  readonly pack: ObjectId;
  readonly start: number;
  readonly end: number;
  /** By the place of their blobs. */
  readonly pieces: readonly PlannedPiece[];
}

/** What a plan is made of, and the files that cannot be had because a blob is nowhere. */
export interface ContentPlan {
  readonly runs: readonly PlannedRun[];
  readonly lost: readonly { readonly file: WantedFile; readonly problem: FileProblem }[];
}

/** Which places of blobs turned out to be damaged. */
export type DamagedPlaces = Set<string>;

/** Bytes read at once: enough to make a request worth its while, few enough for a dozen to be under way. */
const runBytes = 2 * 1024 * 1024;
/** Bytes not wanted between two blobs that are read rather than asked around. */
const gapBytes = 128 * 1024;

/** The key of a place in {@link DamagedPlaces}. */
export function placeKey({ pack, offset }: Pick<BlobLocation, 'pack' | 'offset'>): string {
  return `${pack}:${offset}`;
}

/**
 * Finds out which stretches of which packs hold the content of `files`: each pack in the order in which it is first
 * wanted, each stretch once, however many files want it.
 */
export function planContent(
  files: readonly WantedFile[],
  index: BlobIndex,
  damaged: DamagedPlaces,
): ContentPlan {
  const packs = new Map<ObjectId, PlannedPiece[]>();
  const lost: { file: WantedFile; problem: FileProblem }[] = [];
  for (const file of files) {
    const blobs = locateAll(file, index, damaged);
    if (typeof blobs === 'string') lost.push({ file, problem: { kind: 'damaged', message: blobs } });
    else placePieces(file, blobs, packs);
  }
  const runs = [...packs.values()].flatMap(cutRuns);
  for (const run of runs) for (const file of filesOf(run)) count(file);
  return { runs, lost };
}

/** The files that have a piece in a run. */
export function filesOf(run: PlannedRun): Set<FileInWork> {
  return new Set(run.pieces.map(({ file }) => file));
}

function count(file: FileInWork): void {
  file.runs++;
  file.runsLeft++;
}

/** Where a file's blobs are, or why it cannot be had. */
function locateAll(file: WantedFile, index: BlobIndex, damaged: DamagedPlaces): BlobLocation[] | string {
  const blobs: BlobLocation[] = [];
  for (const id of file.content) {
    const blob = locate(id, index, damaged);
    if (blob === undefined) return `data blob ${id} is in no pack that the index knows`;
    blobs.push(blob);
  }
  return blobs;
}

function locate(id: BlobId, index: BlobIndex, damaged: DamagedPlaces): BlobLocation | undefined {
  if (damaged.size > 0) return index.locate('data', id).find((place) => !damaged.has(placeKey(place)));
  const slot = index.findHex('data', id);
  return slot < 0 ? undefined : index.locationAt(slot);
}

function placePieces(
  wanted: WantedFile,
  blobs: readonly BlobLocation[],
  packs: Map<ObjectId, PlannedPiece[]>,
): void {
  const size = blobs.reduce((sum, blob) => sum + plainLengthOf(blob), 0);
  const file: FileInWork = {
    wanted,
    size,
    runs: 0,
    runsLeft: 0,
    place: undefined,
    problem: undefined,
  };
  let offset = 0;
  for (const blob of blobs) {
    const pieces = packs.get(blob.pack) ?? [];
    if (pieces.push({ file, offset, blob }) === 1) packs.set(blob.pack, pieces);
    offset += plainLengthOf(blob);
  }
}

/** Cuts what is wanted of one pack into stretches. */
function cutRuns(pieces: PlannedPiece[]): PlannedRun[] {
  pieces.sort((a, b) => a.blob.offset - b.blob.offset);
  const runs: { pack: ObjectId; start: number; end: number; pieces: PlannedPiece[] }[] = [];
  for (const piece of pieces) {
    const { pack, offset, length } = piece.blob;
    const last = runs.at(-1);
    const end = Math.max(last?.end ?? 0, offset + length);
    const isNear = last !== undefined && offset <= last.end + gapBytes && end - last.start <= runBytes;
    if (last !== undefined && (isNear || end === last.end)) {
      last.end = end;
      last.pieces.push(piece);
    } else runs.push({ pack, start: offset, end: offset + length, pieces: [piece] });
  }
  return runs;
}
