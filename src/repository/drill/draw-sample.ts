import { hash } from 'node:crypto';
import { asBuffer, type Bytes, dayMs } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** How much is drawn. */
export interface SampleSize {
  /** No more bytes than this, give or take a blob. */
  readonly most: number;
  /** No more of the snapshot than this part of its bytes, from 0 to 1. */
  readonly share: number;
}

/** A file of a snapshot, or a part of one. */
export interface SampledPart {
  /** Absolute, as it was saved. */
  readonly path: Bytes;
  readonly node: TreeNode;
  readonly content: readonly BlobId[];
  /** Those of its blobs from `first` on, `blobs` of them. */
  readonly first: number;
  readonly blobs: number;
}

/** What a sample goes by. */
export interface SampleOptions {
  readonly seed: number;
  /** When the snapshot was made, which ages are counted from. */
  readonly timeMs: number;
  readonly size: SampleSize;
  /** What of the snapshot has one of these is looked at beside the sample. */
  readonly again: Iterable<BlobId>;
}

/** How long ago a file was changed last when it was saved: each has a part in the sample where it has any. */
const ageBands = [dayMs, 7 * dayMs, 30 * dayMs, 365 * dayMs, Number.POSITIVE_INFINITY];
/** A part of little is nothing: so much is drawn however small the snapshot is. */
const leastBytes = 8 * 1024 * 1024;
/** Large files are drawn in parts of about so much. */
const partBytes = 4 * 1024 * 1024;
/** However small files are. */
const maxParts = 10_000;

/** A file, or a part of a large one, that may be drawn. */
interface Candidate extends SampledPart {
  /** Chance from 0 to 1: the smaller, the sooner it is drawn. */
  readonly rank: number;
  /** Where it came among all. */
  readonly order: number;
  /** About how many it has. */
  readonly bytes: number;
}

/**
 * Draws files and parts of files by chance, each as soon as every other, so that one byte is as likely as the next; and of each age at least
 * one. The same seed draws the same of the same files, in whatever order they come. Memory is bounded by what is drawn.
 */
export class Sample {
  readonly #seed: number;
  readonly #timeMs: number;
  readonly #size: SampleSize;
  readonly #ofBand = new Map<number, Candidate>();
  readonly #again: Set<BlobId>;
  readonly #wanted: Candidate[] = [];
  #candidates: Candidate[] = [];
  /** What ranks after it is not drawn, whatever comes. */
  #lastRank = 1;
  #bytes = 0;
  #seen = 0;

  constructor({ seed, timeMs, size, again }: SampleOptions) {
    this.#seed = seed;
    this.#timeMs = timeMs;
    this.#size = size;
    this.#again = new Set(again);
  }

  /** Offers a file; one without content proves nothing. */
  offer(path: Bytes, node: TreeNode): void {
    const { content = [] } = node;
    this.#bytes += node.size;
    const count = Math.min(content.length, Math.max(1, Math.ceil(node.size / partBytes)));
    for (let part = 0; part < count; part++) {
      const first = Math.floor((part * content.length) / count);
      const blobs = Math.floor(((part + 1) * content.length) / count) - first;
      const bytes = Math.ceil((node.size * blobs) / content.length);
      const rank = chance(`${this.#seed} ${part} `, path);
      this.#take({ path, node, content, first, blobs, bytes, rank, order: this.#seen++ });
    }
    this.#lookAgain({ path, node, content });
  }

  /** What was drawn, in the order in which it came: neighbours in a snapshot lie side by side in packs. */
  drawn(): readonly SampledPart[] {
    const { most, share } = this.#size;
    this.#settle(Math.min(most, Math.max(leastBytes, share * this.#bytes)));
    const drawn = [...new Set([...this.#ofBand.values(), ...this.#candidates])];
    const others = this.#wanted.filter((wanted) => !drawn.some((part) => hasPart(part, wanted)));
    return [...drawn, ...others].toSorted((one, other) => one.order - other.order);
  }

  #take(candidate: Candidate): void {
    const ageMs = this.#timeMs - Number(candidate.node.mtimeNs / 1_000_000n);
    const band = ageBands.findIndex((ms) => ageMs < ms);
    const first = this.#ofBand.get(band);
    if (first === undefined || ranksBefore(candidate, first)) this.#ofBand.set(band, candidate);
    if (candidate.rank > this.#lastRank) return;
    this.#candidates.push(candidate);
    if (this.#candidates.length >= 2 * maxParts) this.#settle(this.#size.most);
  }

  /** Each in the first file that has it. */
  #lookAgain(file: Pick<Candidate, 'path' | 'node' | 'content'>): void {
    if (this.#again.size === 0) return;
    for (const [first, id] of file.content.entries())
      if (this.#again.delete(id))
        this.#wanted.push({ ...file, first, blobs: 1, bytes: 0, rank: 0, order: this.#seen });
  }

  /** Lets those go that cannot be drawn any more, where so many bytes are. */
  #settle(bytes: number): void {
    const ranked = this.#candidates.toSorted((one, other) => (ranksBefore(one, other) ? -1 : 1));
    let sum = 0;
    const end = ranked.findIndex((candidate) => {
      sum += candidate.bytes;
      return sum > bytes;
    });
    this.#candidates = ranked.slice(0, Math.min(end < 0 ? ranked.length : end, maxParts));
    if (this.#candidates.length < ranked.length) this.#lastRank = this.#candidates.at(-1)?.rank ?? 0;
  }
}

function hasPart(part: SampledPart, { path, first }: SampledPart): boolean {
  return part.first <= first && first < part.first + part.blobs && Buffer.compare(part.path, path) === 0;
}

/** A number above 0 and below 1 that a seed gives to a path, as if by chance. */
function chance(seed: string, path: Bytes): number {
  const bytes = asBuffer(hash('sha256', Buffer.concat([Buffer.from(seed), path]), 'buffer'));
  return (bytes.readUIntBE(0, 6) + 0.5) / 2 ** 48;
}

function ranksBefore(one: Candidate, other: Candidate): boolean {
  if (one.rank !== other.rank) return one.rank < other.rank;
  return Buffer.compare(one.path, other.path) < 0;
}
