import { createHash } from 'node:crypto';
import { type Bytes, concatBytes, isHoldfastError } from '../../base/index.ts';
import type { ObjectId, ObjectInfo } from '../../storage/index.ts';
import { openBlob, type PackedBlob } from '../format/blob.ts';
import { maxHeaderBytes, openPackHeader, packOverhead } from '../format/pack-header.ts';
import type { UnitCipher } from '../format/unit.ts';

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

/**
 * Looks at a pack while its bytes come by, and holds no more than one blob of it: its SHA-256 against its name, every
 * blob against its tag and its id, the layout without gaps, and its header against the index.
 */
export class PackInspector {
  readonly #cipher: UnitCipher;
  readonly #pack: ObjectId;
  readonly #size: number;
  readonly #expected: readonly PackedBlob[];
  readonly #apart: readonly Expected[];
  readonly #cutter: UnitCutter;
  readonly #sum = createHash('sha256');
  readonly #problems: string[] = [];
  readonly #lost: number[] = [];

  /** @param expected the blobs that the index places in this pack, by offset */
  constructor(cipher: UnitCipher, pack: ObjectInfo, expected: readonly PackedBlob[]) {
    this.#cipher = cipher;
    this.#pack = pack.name;
    this.#size = pack.size;
    this.#expected = expected;
    this.#apart = this.#withinPack();
    const stretches = this.#apart.map(({ blob }) => blob);
    this.#cutter = new UnitCutter(stretches, {
      maxTailBytes: maxHeaderBytes + packOverhead,
      onUnit: (place, unit) => this.#openUnit(this.#apart[place], unit),
    });
  }

  /** Takes the next bytes of the pack, which may be used again afterwards. */
  push(chunk: Bytes): void {
    this.#sum.update(chunk);
    this.#cutter.push(chunk);
  }

  /** To be called once all bytes are in. */
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

  #openUnit(expected: Expected | undefined, unit: Bytes): void {
    if (!expected) return;
    const problem = attempt(() => openBlob(this.#cipher, unit, expected.blob));
    if (!problem) return;
    this.#say(problem);
    this.#lost.push(expected.number);
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

/**
 * Cuts stretches out of a stream that comes in chunks, holding no more than one of them at a time, and keeps what
 * follows the last one up to a limit. The stretches are in order and do not overlap.
 */
class UnitCutter {
  readonly #stretches: readonly Stretch[];
  readonly #maxTailBytes: number;
  readonly #onUnit: (number: number, unit: Bytes) => void;
  readonly #tail: Bytes[] = [];
  #tailBytes = 0;
  #next = 0;
  #position = 0;
  #unit: Bytes | undefined;
  #filled = 0;

  constructor(
    stretches: readonly Stretch[],
    options: { readonly maxTailBytes: number; readonly onUnit: (number: number, unit: Bytes) => void },
  ) {
    this.#stretches = stretches;
    this.#maxTailBytes = options.maxTailBytes;
    this.#onUnit = options.onUnit;
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

  /** Takes the next bytes of the stream, which may be used again afterwards. */
  push(chunk: Bytes): void {
    for (let at = 0; at < chunk.length; ) {
      const taken = this.#take(chunk.subarray(at));
      this.#position += taken;
      at += taken;
    }
  }

  /** Takes some bytes, at least one, and tells how many. */
  #take(bytes: Bytes): number {
    const stretch = this.#stretches[this.#next];
    if (!stretch) return this.#keepTail(bytes);
    if (this.#position < stretch.offset) return Math.min(bytes.length, stretch.offset - this.#position);
    this.#unit ??= new Uint8Array(stretch.length);
    const part = bytes.subarray(0, stretch.length - this.#filled);
    this.#unit.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === stretch.length) this.#finishUnit(this.#unit);
    return part.length;
  }

  #finishUnit(unit: Bytes): void {
    this.#unit = undefined;
    this.#filled = 0;
    this.#onUnit(this.#next++, unit);
  }

  #keepTail(bytes: Bytes): number {
    this.#tailBytes += bytes.length;
    if (this.#tailBytes <= this.#maxTailBytes) this.#tail.push(Uint8Array.from(bytes));
    return bytes.length;
  }
}
