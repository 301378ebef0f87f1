import { HoldfastError } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';

/** Blobs, and the bytes that they take encrypted. */
export interface Amount {
  blobs: number;
  bytes: number;
}

/** What of the packs of an index is needed: columns by the numbers of packs. */
export interface PackUsage {
  /** Bytes of each pack, 0 for one that is not there. */
  readonly stored: Float64Array;
  /** What of it stays of use. */
  readonly usedBlobs: Uint32Array;
  /** What snapshots do not need, or have another copy of. */
  readonly unusedBlobs: Uint32Array;
  readonly unusedBytes: Float64Array;
  /** Which of its blobs snapshots need, whichever copy is kept. */
  readonly neededBlobs: Uint32Array;
  /** {@link treeKind}, {@link dataKind}, or both. */
  readonly kinds: Uint8Array;
  /** Whether something in it is not compressed. */
  readonly isPlain: Uint8Array;
  /** For each blob that snapshots need, at the first entry of it, the entry of the copy that is kept. */
  readonly kept: Int32Array;
  readonly totals: {
    readonly used: Amount;
    readonly unused: Amount;
    /** Further copies of what is used. */
    readonly duplicate: Amount;
  };
}

export const treeKind = 1;
export const dataKind = 2;

const nowhere = -1;

/**
 * Counts for each pack what of it is needed.
 *
 * @param used as `findUsedBlobs` gives it
 * @param sizes the packs that are there, with their sizes; copies in others do not count
 * @throws HoldfastError `repository_damaged` when the only copies of a needed blob are in packs that are not there, or that do not
 *   measure what their blobs come to
 */
export function packUsage(
  index: BlobIndex,
  used: Uint8Array,
  sizes: ReadonlyMap<ObjectId, number>,
): PackUsage {
  const stored = Float64Array.from(
    { length: index.packCount },
    (_, pack) => sizes.get(index.packAt(pack)) ?? 0,
  );
  const usage = emptyUsage(stored, chooseCopies(index, used, stored));
  for (let slot = 0; slot < index.size; slot++) count(usage, index, slot, used);
  checkSizes(usage, index);
  return usage;
}

/** The entry that stands for a blob: the first that is found of it. */
export function firstOf(index: BlobIndex, slot: number): number {
  return index.find(index.isTree(slot) ? 'tree' : 'data', index.ids, slot * 32);
}

function emptyUsage(stored: Float64Array, kept: Int32Array): PackUsage {
  const packs = stored.length;
  return {
    stored,
    kept,
    usedBlobs: new Uint32Array(packs),
    unusedBlobs: new Uint32Array(packs),
    unusedBytes: new Float64Array(packs),
    neededBlobs: new Uint32Array(packs),
    kinds: new Uint8Array(packs),
    isPlain: new Uint8Array(packs),
    totals: {
      used: { blobs: 0, bytes: 0 },
      unused: { blobs: 0, bytes: 0 },
      duplicate: { blobs: 0, bytes: 0 },
    },
  };
}

/**
 * Of a blob with several copies one is kept: in a pack that has other needed blobs with no copy elsewhere, or that is nothing but
 * copies, as a run that was interrupted leaves them; so that whole packs become free.
 */
function chooseCopies(index: BlobIndex, used: Uint8Array, stored: Float64Array): Int32Array {
  const kept = new Int32Array(index.size).fill(nowhere);
  const several = new Uint8Array(index.size);
  for (let slot = 0; slot < index.size; slot++) {
    const first = firstOf(index, slot);
    if (used[first] === 0 || stored[index.packNumberAt(slot)] === 0) continue;
    if (kept[first] === nowhere) kept[first] = slot;
    else several[first] = 1;
  }
  const isGood = packsOfWorth(index, used, several);
  for (let slot = 0; slot < index.size; slot++) {
    const first = firstOf(index, slot);
    const pack = index.packNumberAt(slot);
    if (several[first] !== 1 || stored[pack] === 0 || isGood[pack] === 0) continue;
    const current = index.packNumberAt(kept[first] ?? 0);
    if (isGood[current] === 0) kept[first] = slot;
  }
  const lost = used.findIndex((mark, slot) => mark === 1 && kept[slot] === nowhere);
  if (lost !== -1) throw lostBlob(index, lost);
  return kept;
}

/** Packs that stay anyway, or are nothing but copies: 1 for each. */
function packsOfWorth(index: BlobIndex, used: Uint8Array, several: Uint8Array): Uint8Array {
  const hasOnly = new Uint8Array(index.packCount);
  const isCopies = new Uint8Array(index.packCount).fill(1);
  for (let slot = 0; slot < index.size; slot++) {
    const first = firstOf(index, slot);
    const pack = index.packNumberAt(slot);
    if (several[first] === 1) continue;
    isCopies[pack] = 0;
    if (used[first] === 1) hasOnly[pack] = 1;
  }
  return hasOnly.map((has, pack) => has | (isCopies[pack] ?? 0));
}

function count(usage: PackUsage, index: BlobIndex, slot: number, used: Uint8Array): void {
  const { totals, kept } = usage;
  const first = firstOf(index, slot);
  const pack = index.packNumberAt(slot);
  const bytes = index.lengthAt(slot);
  usage.kinds[pack] = (usage.kinds[pack] ?? 0) | (index.isTree(slot) ? treeKind : dataKind);
  if (!index.isCompressedAt(slot)) usage.isPlain[pack] = 1;
  if (used[first] === 1) bump(usage.neededBlobs, pack, 1);
  if (kept[first] === slot) {
    bump(usage.usedBlobs, pack, 1);
    add(totals.used, bytes);
    return;
  }
  bump(usage.unusedBlobs, pack, 1);
  bump(usage.unusedBytes, pack, bytes);
  add(used[first] === 1 ? totals.duplicate : totals.unused, bytes);
}

/** What is not needed may be cut short: it goes. */
function checkSizes({ stored, neededBlobs }: PackUsage, index: BlobIndex): void {
  for (const [pack, size] of stored.entries()) {
    const name = index.packAt(pack);
    const expected = index.leastPackSize(name);
    if (size === 0 || size === expected || neededBlobs[pack] === 0) continue;
    const message = `pack ${name} has ${size} bytes, its blobs and header need ${expected}; nothing was removed`;
    throw new HoldfastError('repository_damaged', message, { hint: repairHint });
  }
}

const repairHint =
  'holdfast repair index takes lost and broken packs out of the index; then holdfast backup PATH stores again what is still there of them';

function lostBlob(index: BlobIndex, slot: number): HoldfastError {
  const { type, id, pack } = index.locationAt(slot);
  const message = `${type} blob ${id} that snapshots need is in pack ${pack}, which is not there; nothing was removed`;
  return new HoldfastError('repository_damaged', message, { hint: repairHint });
}

function bump(column: Uint32Array | Float64Array, at: number, by: number): void {
  column[at] = (column[at] ?? 0) + by;
}

function add(amount: Amount, bytes: number): void {
  amount.blobs++;
  amount.bytes += bytes;
}
