import { createHash } from 'node:crypto';
import { type Bytes, concatBytes, isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import type { PackedBlob } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { maxHeaderBytes, openPackHeader, packOverhead } from '../format/pack-header.ts';
import type { UnitCipher } from '../format/unit.ts';
import { type ContentRun, type RunResult, runBlobsOf } from '../restore/content-run.ts';

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

/** Some blobs of a pack as they are stored, for a reader to open. */
export interface UnitRun {
  readonly run: ContentRun;
  /** Their numbers among those expected. */
  readonly numbers: readonly number[];
}

/** Units are handed to readers in so many bytes, or one that is larger. */
const runBytes = 2 * 1024 * 1024;

/**
 * Looks at a pack while its bytes come by, and holds no more than two MiB of it, or one blob: its SHA-256 against its name, the
 * layout without gaps, and its header against the index. Every blob against its tag and its id is a reader's work.
 */
export class PackInspector {
  readonly #cipher: UnitCipher;
  readonly #pack: ObjectId;
  readonly #size: number;
  readonly #index: BlobIndex;
  readonly #slots: ArrayLike<number>;
  readonly #expected: readonly PackedBlob[];
  readonly #apart: readonly Expected[];
  readonly #cutter: UnitCutter;
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
    this.#pack = pack.name;
    this.#size = pack.size;
    this.#index = index;
    this.#slots = slots;
    this.#expected = Array.from(slots, (slot) => index.locationAt(slot));
    this.#apart = this.#withinPack();
    const stretches = this.#apart.map(({ blob }) => blob);
    this.#cutter = new UnitCutter(stretches, maxHeaderBytes + packOverhead);
  }

  /** Takes the next bytes of the pack, which may be used again afterwards; what is to be opened of those so far. */
  push(chunk: Bytes): UnitRun[] {
    this.#sum.update(chunk);
    return this.#cutter.push(chunk).map((run) => this.#unitRun(run));
  }

  /** What is to be opened when all bytes are in. */
  rest(): UnitRun[] {
    return this.#cutter.rest().map((run) => this.#unitRun(run));
  }

  /** Takes what became of a run. */
  take({ numbers }: UnitRun, { damaged }: RunResult): void {
    for (const { blob, message } of damaged) {
      this.#say(message);
      this.#lost.push(numbers[blob] ?? 0);
    }
  }

  /** To be called once all bytes are in and all runs were taken. */
  finish(): PackInspection {
    const digest = this.#sum.digest('hex');
    if (digest !== this.#pack) this.#say(`its bytes are not those that were written: SHA-256 ${digest}`);
    for (const { number, blob } of this.#apart.slice(this.#cutter.complete)) {
      this.#say(`it ends before ${blob.type} blob ${blob.id} does`);
      this.#lost.push(number);
    }
    this.#compareHeader();
    return { problems: this.#problems, lost: this.#lost };
  }

  /** The expected blobs that the pack is long enough for, and that begin where the one before ends, or later. */
  #withinPack(): readonly Expected[] {
    let end = 0;
    return this.#expected
      .map((blob, number) => ({ blob, number }))
      .filter(({ blob, number }) => {
        const what = `${blob.type} blob ${blob.id}`;
        if (blob.offset + blob.length > this.#size) {
          this.#say(`it ends before ${what} does`);
          this.#lost.push(number);
          return false;
        }
        if (blob.offset < end) {
          this.#say(`the index has ${what} begin at ${blob.offset}, within the one before`);
          this.#lost.push(number);
          return false;
        }
        if (blob.offset > end)
          this.#say(`the index knows no blob in the ${blob.offset - end} bytes before ${what}`);
        end = blob.offset + blob.length;
        return true;
      });
  }

  #unitRun({ bytes, first, offsets }: CutRun): UnitRun {
    const numbers = offsets.map((_, at) => this.#apart[first + at]?.number ?? 0);
    const slots = numbers.map((number) => this.#slots[number] ?? 0);
    const blobs = { ...runBlobsOf(this.#index, slots, 0), offsets: Uint32Array.from(offsets) };
    return { run: { bytes, blobs, pieces: noPieces, files: [] }, numbers };
  }

  #compareHeader(): void {
    const { tail, position } = this.#cutter;
    if (!tail) return this.#say('what follows its last blob is too long for a header');
    let listed: readonly PackedBlob[] = [];
    const problem = attempt(() => {
      listed = openPackHeader(tail, this.#cipher, { name: this.#pack, size: position });
    });
    if (problem) {
      this.#problems.push(problem);
    } else if (listed.length !== this.#expected.length) {
      this.#say(`its header lists ${listed.length} blobs, the index ${this.#expected.length}`);
    }
    for (const [number, blob] of listed.entries()) {
      const expected = this.#expected[number];
      if (expected && describe(blob) !== describe(expected)) {
        this.#say(`its header and the index differ on ${blob.type} blob ${blob.id}`);
      }
    }
  }

  #say(problem: string): void {
    this.#problems.push(`pack ${this.#pack}: ${problem}`);
  }
}

function describe({ type, id, offset, length, plainLength }: PackedBlob): string {
  return [type, id, offset, length, plainLength].join();
}

/** What is wrong, when `work` finds damage. */
function attempt(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, 'repository_damaged')) return error.message;
    throw error;
  }
}

/** A stretch of a stream of bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Nothing is done with what is opened. */
const noPieces = { blobs: new Uint32Array(), files: new Uint32Array(), offsets: new Float64Array() };

/** Stretches that were cut out, side by side. */
interface CutRun {
  readonly bytes: Bytes;
  /** The number of the first. */
  readonly first: number;
  /** Where each begins in `bytes`. */
  readonly offsets: number[];
  /** Bytes that are taken. */
  used: number;
}

/**
 * Cuts stretches out of a stream that comes in chunks, holding no more than a run of them at a time, and keeps what
 * follows the last one up to a limit. The stretches are in order and do not overlap.
 */
class UnitCutter {
  readonly #stretches: readonly Stretch[];
  readonly #maxTailBytes: number;
  readonly #tail: Bytes[] = [];
  #tailBytes = 0;
  #next = 0;
  #position = 0;
  #run: CutRun | undefined;
  /** How many bytes of the next stretch have come. */
  #filled = 0;

  constructor(stretches: readonly Stretch[], maxTailBytes: number) {
    this.#stretches = stretches;
    this.#maxTailBytes = maxTailBytes;
  }

  /** How many bytes have been taken. */
  get position(): number {
    return this.#position;
  }

  /** How many stretches are complete. */
  get complete(): number {
    return this.#next;
  }

  /** What followed the last stretch; undefined when it was more than the limit. */
  get tail(): Bytes | undefined {
    return this.#tailBytes > this.#maxTailBytes ? undefined : concatBytes(...this.#tail);
  }

  /** Takes the next bytes of the stream, which may be used again afterwards; the runs that are full. */
  push(chunk: Bytes): CutRun[] {
    const full: CutRun[] = [];
    for (let at = 0; at < chunk.length; ) {
      const taken = this.#take(chunk.subarray(at), full);
      this.#position += taken;
      at += taken;
    }
    return full;
  }

  /** The run that is not full, without a stretch that is not whole. */
  rest(): CutRun[] {
    const run = this.#run;
    this.#run = undefined;
    return run === undefined || run.offsets.length === 0 ? [] : [run];
  }

  /** Takes some bytes, at least one, and tells how many. */
  #take(bytes: Bytes, full: CutRun[]): number {
    const stretch = this.#stretches[this.#next];
    if (!stretch) return this.#keepTail(bytes);
    if (this.#position < stretch.offset) return Math.min(bytes.length, stretch.offset - this.#position);
    const run = this.#roomFor(stretch, full);
    const part = bytes.subarray(0, stretch.length - this.#filled);
    run.bytes.set(part, run.used + this.#filled);
    this.#filled += part.length;
    if (this.#filled === stretch.length) this.#finish(run);
    return part.length;
  }

  #roomFor({ length }: Stretch, full: CutRun[]): CutRun {
    if (this.#run !== undefined && this.#run.used + length > this.#run.bytes.length)
      full.push(...this.rest());
    this.#run ??= {
      bytes: Buffer.allocUnsafeSlow(Math.max(runBytes, length)),
      first: this.#next,
      offsets: [],
      used: 0,
    };
    return this.#run;
  }

  #finish(run: CutRun): void {
    run.offsets.push(run.used);
    run.used += this.#filled;
    this.#filled = 0;
    this.#next++;
  }

  #keepTail(bytes: Bytes): number {
    this.#tailBytes += bytes.length;
    if (this.#tailBytes <= this.#maxTailBytes) this.#tail.push(Uint8Array.from(bytes));
    return bytes.length;
  }
}
