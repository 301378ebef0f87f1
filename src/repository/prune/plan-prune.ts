import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { RepositoryVersion } from '../format/config.ts';
import { type Amount, dataKind, type PackUsage, packUsage, treeKind } from './pack-usage.ts';

/** How much is moved to free how much; restic's options of the same names. */
export interface PruneRules {
  /** So many bytes of what nobody needs may stay in packs with what somebody does, given the bytes that are needed. */
  readonly maxUnused: (usedBytes: number) => number;
  /** No more than so many bytes of packs are written anew. */
  readonly maxRepackBytes?: number;
  /** Only packs with directories are written anew: those are what caches keep. */
  readonly repackCacheableOnly?: boolean;
  /** Packs below this are put together; by what the repository has, unless said. */
  readonly repackSmallerThan?: number;
  /** Also packs with something that is not compressed, in a repository that can. */
  readonly repackUncompressed?: boolean;
}

/** What becomes of the packs of a repository. */
export interface PrunePlan {
  /** Packs that no index lists: nothing that is needed is in them. */
  readonly unlisted: readonly ObjectInfo[];
  /** Packs without anything that is needed, by their numbers; those that are not there any more are among them. */
  readonly remove: readonly number[];
  /** Packs of which the needed part is written anew, in the order in which it is worth most. */
  readonly repack: readonly number[];
  /** 1 for each entry whose blob is written anew. */
  readonly moved: Uint8Array;
  /** Contents that are written anew are compressed where they are not; directories always are. */
  readonly compress: boolean;
  readonly figures: PruneFigures;
}

/** What a plan comes to; bytes of blobs are those they take encrypted. */
export interface PruneFigures {
  readonly used: Amount;
  readonly unused: Amount;
  readonly duplicate: Amount;
  readonly packs: {
    readonly kept: number;
    readonly repacked: number;
    readonly removed: number;
    /** Removed though no index lists them. */
    readonly unlisted: number;
  };
  /** What is read and written anew. */
  readonly moved: Amount;
  /** Bytes of the packs that go, less those of what is written anew. */
  readonly freedBytes: number;
  /** Of what nobody needs, how many bytes stay. */
  readonly remainingUnusedBytes: number;
}

/** What a plan is made of. */
export interface Pruned {
  readonly index: BlobIndex;
  /** As `findUsedBlobs` gives it. */
  readonly used: Uint8Array;
  /** Every pack that is there. */
  readonly stored: readonly ObjectInfo[];
  readonly version: RepositoryVersion;
}

/**
 * Says what becomes of each pack, by restic's rules: what nobody needs goes; of the others those are written anew of which most
 * is waste, directories and small packs first, until little enough of it is left.
 *
 * @throws HoldfastError `repository_damaged` as `packUsage`
 */
export function planPrune({ index, used, stored, version }: Pruned, rules: PruneRules): PrunePlan {
  const sizes = new Map<ObjectId, number>(stored.map(({ name, size }) => [name, size]));
  const usage = packUsage(index, used, sizes);
  const unlisted = stored.filter(({ name }) => !index.hasPack(name));
  const remove: number[] = [];
  const others: number[] = [];
  for (let pack = 0; pack < index.packCount; pack++)
    (usage.usedBlobs[pack] === 0 ? remove : others).push(pack);
  const repack = chooseRepacked(usage, { others, remove, version }, rules);
  const moved = movedEntries(index, usage, new Set(repack));
  const compress = rules.repackUncompressed === true;
  const figures = figuresOf(index, usage, { unlisted, remove, repack, moved });
  return { unlisted, remove, repack, moved, compress, figures };
}

/** restic's smallest pack of its own making. */
const leastPackBytes = 4 * 2 ** 20;
/** So few small ones are not worth the trouble: a lone one would be written anew for ever. */
const leastSmallPacks = 10;

function chooseRepacked(
  usage: PackUsage,
  {
    others,
    remove,
    version,
  }: { readonly others: number[]; readonly remove: number[]; readonly version: number },
  rules: PruneRules,
): number[] {
  const { stored, unusedBlobs, unusedBytes, kinds, isPlain, totals } = usage;
  const smallBytes = rules.repackSmallerThan ?? usualSmallBytes(stored);
  const isSmall = (pack: number): boolean => (stored[pack] ?? 0) < smallBytes;
  const mustCompress = (pack: number): boolean =>
    version >= 2 && isPlain[pack] === 1 && (kinds[pack] === treeKind || rules.repackUncompressed === true);
  const isClean = (pack: number): boolean =>
    unusedBlobs[pack] === 0 && kinds[pack] !== (treeKind | dataKind) && !mustCompress(pack);
  const mayMove = others.filter((pack) => !(rules.repackCacheableOnly === true && kinds[pack] === dataKind));
  const small = mayMove.filter((pack) => isClean(pack) && isSmall(pack));
  const candidates = mayMove.filter((pack) => !isClean(pack));
  if (small.length >= leastSmallPacks) candidates.push(...small);
  let unusedLeft = totals.duplicate.bytes + totals.unused.bytes;
  for (const pack of remove) unusedLeft -= unusedBytes[pack] ?? 0;
  const enough = rules.maxUnused(totals.used.bytes);
  let repackLeft = rules.maxRepackBytes ?? Number.POSITIVE_INFINITY;
  return candidates.toSorted(byWorth(usage, isSmall)).filter((pack) => {
    const isMust = kinds[pack] !== dataKind || mustCompress(pack) || isSmall(pack);
    const bytes = stored[pack] ?? 0;
    if (bytes >= repackLeft || (!isMust && unusedLeft < enough)) return false;
    repackLeft -= bytes;
    unusedLeft -= unusedBytes[pack] ?? 0;
    return true;
  });
}

/** Four fifths of what all but three in a hundred packs have, so that no repository is written anew for its usual ones. */
function usualSmallBytes(stored: Float64Array): number {
  const there = stored.filter((bytes) => bytes > 0).sort();
  return (Math.max(leastPackBytes, there[Math.floor((there.length * 3) / 100)] ?? 0) * 4) / 5;
}

/** Packs with directories, then small ones, then those with the most waste for what is needed. */
function byWorth(
  { kinds, stored, unusedBytes }: PackUsage,
  isSmall: (pack: number) => boolean,
): (a: number, b: number) => number {
  const rank = (pack: number): number => (kinds[pack] === dataKind ? (isSmall(pack) ? 1 : 2) : 0);
  const waste = (pack: number): number => (unusedBytes[pack] ?? 0) / (stored[pack] ?? 1);
  return (a, b) => rank(a) - rank(b) || waste(b) - waste(a);
}

/** What of the packs that go is needed, and in no pack that stays. */
function movedEntries(index: BlobIndex, { kept }: PackUsage, repack: ReadonlySet<number>): Uint8Array {
  const moved = new Uint8Array(index.size);
  for (const slot of kept) if (slot >= 0 && repack.has(index.packNumberAt(slot))) moved[slot] = 1;
  return moved;
}

function figuresOf(
  index: BlobIndex,
  { stored, totals, unusedBytes }: PackUsage,
  { unlisted, remove, repack, moved }: Omit<PrunePlan, 'figures' | 'compress'>,
): PruneFigures {
  const sum = (packs: readonly number[], column: Float64Array): number =>
    packs.reduce((bytes, pack) => bytes + (column[pack] ?? 0), 0);
  const movedAmount = { blobs: 0, bytes: 0 };
  for (const [slot, mark] of moved.entries()) {
    if (mark === 0) continue;
    movedAmount.blobs++;
    movedAmount.bytes += index.lengthAt(slot);
  }
  const gone = [...remove, ...repack];
  const there = stored.reduce((packs, bytes) => packs + (bytes > 0 ? 1 : 0), 0);
  const removed = remove.filter((pack) => (stored[pack] ?? 0) > 0).length;
  const unlistedBytes = unlisted.reduce((bytes, { size }) => bytes + size, 0);
  return {
    ...totals,
    packs: {
      kept: there - removed - repack.length,
      repacked: repack.length,
      removed,
      unlisted: unlisted.length,
    },
    moved: movedAmount,
    freedBytes: Math.max(0, unlistedBytes + sum(gone, stored) - movedAmount.bytes),
    remainingUnusedBytes: totals.unused.bytes + totals.duplicate.bytes - sum(gone, unusedBytes),
  };
}
