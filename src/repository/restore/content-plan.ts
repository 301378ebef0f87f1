import type { Bytes } from '../../base/index.ts';
import { type BlobId, maxDataBlobBytes } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { FileAttributes, FileProblem } from './write-file.ts';

/** A file whose content is wanted. */
export interface WantedFile {
  /** Absolute; empty when its content is only to be checked. */
  readonly path: Bytes;
  readonly content: readonly BlobId[];
  /** Bytes that it should have. */
  readonly size: number;
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

/** A piece of a file, and the slot in the index of the blob that holds it. */
export interface PlannedPiece {
  readonly file: FileInWork;
  readonly offset: number;
  readonly slot: number;
}

/** A stretch of a pack to be read at once. */
export interface PlannedRun {
  /** The pack's number in the index. */
  readonly pack: number;
  readonly start: number;
  readonly end: number;
  /** By the place of their blobs. */
  readonly pieces: readonly PlannedPiece[];
  readonly files: ReadonlySet<FileInWork>;
}

/** Which stretches are to be read, and the files that cannot be had because a blob is nowhere. */
export interface ContentPlan {
  readonly runs: readonly PlannedRun[];
  readonly lost: readonly { readonly file: WantedFile; readonly problem: FileProblem }[];
}

/** Bytes read at once: enough to make a request worth its while, few enough for ten to be under way. */
const runBytes = 2 * 1024 * 1024;
/** Pieces that are no larger are read whatever the size of their file: twice what restic makes. */
const usualPieceBytes = 16 * 1024 * 1024;
/** Bytes not wanted between two blobs that are read rather than asked around. */
const gapBytes = 128 * 1024;

/**
 * Finds out which stretches of which packs hold the content of `files`: each pack in the order in which it is first
 * wanted, each stretch once, however many files want it.
 *
 * @param damaged slots of the index whose blobs turned out to be damaged where they are
 */
export function planContent(
  files: readonly WantedFile[],
  index: BlobIndex,
  damaged: ReadonlySet<number>,
): ContentPlan {
  const packs = new Map<number, PlannedPiece[]>();
  const lost: { file: WantedFile; problem: FileProblem }[] = [];
  for (const file of files) {
    const most = mostPieceBytes(file);
    const isUsable = (slot: number): boolean => !damaged.has(slot) && index.plainLengthAt(slot) <= most;
    const slots = file.content.map((id) => locate(id, index, isUsable));
    const missing = file.content[slots.indexOf(nowhere)];
    if (missing === undefined) placePieces(file, slots, index, packs);
    else lost.push({ file, problem: { kind: 'damaged', message: lossMessage(missing, index, most) } });
  }
  const runs = [...packs].flatMap(([pack, pieces]) => cutRuns(pack, pieces, index));
  for (const run of runs) {
    for (const file of run.files) {
      file.runs++;
      file.runsLeft++;
    }
  }
  return { runs, lost };
}

const nowhere = -1;

/** For a piece that is said to be larger no memory is taken. */
function mostPieceBytes({ size }: WantedFile): number {
  return Math.min(maxDataBlobBytes, Math.max(usualPieceBytes, size));
}

function locate(id: BlobId, index: BlobIndex, isUsable: (slot: number) => boolean): number {
  const first = index.findHex('data', id);
  if (first === nowhere || isUsable(first)) return first;
  return index.slotsOf('data', id).find(isUsable) ?? nowhere;
}

function lossMessage(id: BlobId, index: BlobIndex, most: number): string {
  const lengths = index.slotsOf('data', id).map((slot) => index.plainLengthAt(slot));
  const tooLong = lengths.find((length) => length > most);
  if (tooLong === undefined) return `data blob ${id} is in no pack that the index knows`;
  return `data blob ${id} would have ${tooLong} bytes, where a part of its file has ${most} at most`;
}

function placePieces(
  wanted: WantedFile,
  slots: readonly number[],
  index: BlobIndex,
  packs: Map<number, PlannedPiece[]>,
): void {
  const size = slots.reduce((sum, slot) => sum + index.plainLengthAt(slot), 0);
  const file = { wanted, size, runs: 0, runsLeft: 0, place: undefined, problem: undefined };
  let offset = 0;
  for (const slot of slots) {
    const pack = index.packNumberAt(slot);
    const pieces = packs.get(pack) ?? [];
    if (pieces.push({ file, offset, slot }) === 1) packs.set(pack, pieces);
    offset += index.plainLengthAt(slot);
  }
}

interface OpenRun extends PlannedRun {
  end: number;
  readonly pieces: PlannedPiece[];
  readonly files: Set<FileInWork>;
}

/** Cuts what is wanted of one pack into stretches. */
function cutRuns(pack: number, pieces: PlannedPiece[], index: BlobIndex): PlannedRun[] {
  pieces.sort((a, b) => index.offsetAt(a.slot) - index.offsetAt(b.slot));
  const runs: OpenRun[] = [];
  for (const piece of pieces) {
    const start = index.offsetAt(piece.slot);
    const end = start + index.lengthAt(piece.slot);
    let run = runs.at(-1);
    if (run === undefined || !belongs(run, start, end)) {
      run = { pack, start, end, pieces: [], files: new Set() };
      runs.push(run);
    }
    run.end = Math.max(run.end, end);
    run.pieces.push(piece);
    run.files.add(piece.file);
  }
  return runs;
}

/** What is in the run already belongs to it, and what is near unless the run would get too long. */
function belongs(run: PlannedRun, start: number, end: number): boolean {
  return end <= run.end || (start <= run.end + gapBytes && end - run.start <= runBytes);
}
