import { createHash } from 'node:crypto';
import { type Bytes, concatBytes, equalBytes, isHoldfastError } from '../../base/index.ts';
import type { ObjectInfo } from '../../storage/index.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import {
  encodePackHeader,
  maxHeaderBytes,
  openPackHeader,
  packOverhead,
  packSize,
  unsealPackHeader,
} from '../format/pack-header.ts';
import type { UnitCipher } from '../format/unit.ts';
import { blobRun, type ContentRun, type RunResult, runBlobsOf } from '../restore/content-run.ts';

/** What reading a whole pack showed. */
export interface PackInspection {
  /** What is wrong, one sentence each, all naming the pack; none when all is well. */
  readonly problems: readonly string[];
  /** Which of the expected blobs cannot be had from this pack, by their number. */
  readonly lost: readonly number[];
}

interface Expected {
  readonly number: number;
  readonly blob: PackedBlob;
}

/** A part of a pack that is read at once. */
export interface PackStretch {
  readonly start: number;
  readonly end: number;
  /** The blobs in it, each whole. */
  readonly blobs: readonly Expected[];
}

/** So many bytes are read at once, or one blob that is larger. */
const stretchBytes = 2 * 1024 * 1024;

/**
 * Looks at a pack while its stretches come by, in their order: its SHA-256 against its name, the layout without gaps, and its
 * header against the index. Every blob against its tag and its id is a reader's work.
 */
export class PackInspector {
  /** What is to be read: all of the pack, from its beginning to its end. */
  readonly stretches: readonly PackStretch[];
  readonly #cipher: UnitCipher;
  readonly #pack: ObjectInfo;
  readonly #index: BlobIndex;
  readonly #slots: ArrayLike<number>;
  readonly #expected: readonly PackedBlob[];
  /** Where the last blob ends. */
  readonly #tailStart: number;
  readonly #tail: Bytes[] = [];
  readonly #sum = createHash('sha256');
  readonly #problems: string[] = [];
  readonly #lost: number[] = [];

  /** @param expected the slots of the blobs that the index places in this pack, by offset */
  constructor(
    cipher: UnitCipher,
    pack: ObjectInfo,
    { index, slots }: { readonly index: BlobIndex; readonly slots: ArrayLike<number> },
  ) {
    this.#cipher = cipher;
    this.#pack = pack;
    this.#index = index;
    this.#slots = slots;
    this.#expected = Array.from(slots, (slot) => index.locationAt(slot));
    const apart = this.#withinPack();
    const last = apart.at(-1)?.blob;
    this.#tailStart = last === undefined ? 0 : last.offset + last.length;
    this.stretches = cutStretches(apart, pack.size);
  }

  /** Takes the bytes of the next stretch, and gives what is to be opened of them. */
  take({ start, end, blobs }: PackStretch, bytes: Bytes): ContentRun | undefined {
    this.#sum.update(bytes);
    if (end > this.#tailStart && !this.#isTailTooLong())
      this.#tail.push(Uint8Array.from(bytes.subarray(Math.max(0, this.#tailStart - start))));
    if (blobs.length === 0) return undefined;
    const slots = blobs.map(({ number }) => this.#slots[number] ?? 0);
    return blobRun(bytes, runBlobsOf(this.#index, slots, start));
  }

  /** Takes what became of it. */
  opened({ blobs }: PackStretch, { damaged }: RunResult): void {
    for (const { blob, message } of damaged) {
      this.#say(message);
      this.#lost.push(blobs[blob]?.number ?? 0);
    }
  }

  /** To be called once all stretches were taken and opened. */
  finish(): PackInspection {
    const digest = this.#sum.digest('hex');
    if (digest !== this.#pack.name) this.#say(`its bytes are not those that were written: SHA-256 ${digest}`);
    this.#compareHeader();
    return { problems: this.#problems, lost: this.#lost };
  }

  /** The expected blobs that the pack is long enough for, and that begin where the one before ends, or later. */
  #withinPack(): readonly Expected[] {
    let end = 0;
    return this.#expected
      .map((blob, number) => ({ blob, number }))
      .filter(({ blob, number }) => {
        if (blob.offset + blob.length > this.#pack.size) {
          this.#say(`it ends before ${nameOf(blob)} does`);
          this.#lost.push(number);
          return false;
        }
        if (blob.offset < end) {
          this.#say(`the index has ${nameOf(blob)} begin at ${blob.offset}, within the one before`);
          this.#lost.push(number);
          return false;
        }
        if (blob.offset > end)
          this.#say(`the index knows no blob in the ${blob.offset - end} bytes before ${nameOf(blob)}`);
        end = blob.offset + blob.length;
        return true;
      });
  }

  #isTailTooLong(): boolean {
    return this.#pack.size - this.#tailStart > maxHeaderBytes + packOverhead;
  }

  #compareHeader(): void {
    if (this.#isTailTooLong()) return this.#say('what follows its last blob is too long for a header');
    const tail = concatBytes(...this.#tail);
    const problem = attempt(() => {
      if (!this.#isAsExpected(unsealPackHeader(tail, this.#cipher, this.#pack)))
        this.#compareBlobs(openPackHeader(tail, this.#cipher, this.#pack));
    });
    if (problem) this.#problems.push(problem);
  }

  /** Whether a header lists just the expected blobs, and these fill the pack without a gap. */
  #isAsExpected(header: Bytes): boolean {
    const { size } = this.#pack;
    const isFilled =
      size === packSize(this.#expected) && size === this.#tailStart + header.length + packOverhead;
    return isFilled && equalBytes(header, encodePackHeader(this.#expected));
  }

  #compareBlobs(listed: readonly PackedBlob[]): void {
    if (listed.length !== this.#expected.length)
      this.#say(`its header lists ${listed.length} blobs, the index ${this.#expected.length}`);
    for (const [number, blob] of listed.entries()) {
      const expected = this.#expected[number];
      if (expected && describe(blob) !== describe(expected)) {
        this.#say(`its header and the index differ on ${nameOf(blob)}`);
      }
    }
  }

  #say(problem: string): void {
    this.#problems.push(`pack ${this.#pack.name}: ${problem}`);
  }
}

function nameOf({ type, id }: PackedBlob): string {
  return `${type} blob ${id}`;
}

function describe({ type, id, offset, length, plainLength }: PackedBlob): string {
  return [type, id, offset, length, plainLength].join();
}

/** What is wrong, when `work` finds damage. */
function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'repository_damaged')) return error.message;
    throw error;
  }
}

/** Cuts a pack of `size` bytes at ends of blobs, or anywhere where no blob is. The blobs are in order and do not overlap. */
function cutStretches(blobs: readonly Expected[], size: number): PackStretch[] {
  const stretches: PackStretch[] = [];
  let start = 0;
  let first = 0;
  const cut = (end: number, next: number): void => {
    if (end > start) stretches.push({ start, end, blobs: blobs.slice(first, next) });
    start = end;
    first = next;
  };
  const skip = (until: number, next: number): void => {
    for (let at = start + stretchBytes; at < until; at += stretchBytes) cut(at, next);
  };
  let end = 0;
  for (const [at, { blob }] of blobs.entries()) {
    const { offset, length } = blob;
    if (offset + length - start > stretchBytes) cut(end, at);
    skip(offset, at);
    if (offset + length - start > stretchBytes) cut(offset, at);
    end = offset + length;
  }
  if (size - start > stretchBytes) cut(end, blobs.length);
  skip(size, blobs.length);
  cut(size, blobs.length);
  return stretches;
}
