import { asBuffer, type Bytes } from '../../base/index.ts';
import { malformed, tag } from './der-tag.ts';
import { type ObjectIdentifier, parseOid } from './object-identifier.ts';

/** Nothing in PKIX nests half as deep; deeper input would only exhaust the stack. */
const maxDepth = 32;

/** A BIT STRING's octets and how many bits at the end of the last one do not count. */
export interface BitString {
  readonly bytes: Bytes;
  readonly unusedBits: number;
}

/**
 * How what is read has to be written: as its standard says; or, `as-written`, as programs have it in what is only looked at
 * and never written again, where other tools read past the difference. The form of DER itself is the same.
 */
export type ReadingForm = 'strict' | 'as-written';

/**
 * A cursor over DER (X.690), forward only, no copies: what it hands out are views of the input.
 *
 * Strict: definite lengths in their shortest form, low tag numbers, minimal integers, booleans 00 or FF, zero padding
 * bits, nothing left over. Everything else is a HoldfastError `der_malformed` that says where.
 * Each call moves forward or throws, so the time is linear in the input.
 */
export class DerReader {
  readonly form: ReadingForm;
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  #depth = 0;

  constructor(bytes: Bytes, form: ReadingForm = 'strict') {
    this.form = form;
    this.#bytes = asBuffer(bytes);
    this.#end = bytes.length;
  }

  /** The next byte's offset in the input. */
  get position(): number {
    return this.#at;
  }

  /** Whether the element that is being read has no more content. */
  get done(): boolean {
    return this.#at === this.#end;
  }

  /** Whether an element of this tag comes next. */
  is(wanted: number): boolean {
    return this.#at < this.#end && this.#bytes[this.#at] === wanted;
  }

  /** The identifier octet of the next element, which must be there. */
  peek(): number {
    if (this.done) throw this.problem('another element is missing');
    return this.#bytes[this.#at] as number;
  }

  /** Reads the inside of a constructed element; `read` must use all of it. */
  inside<T>(wanted: number, read: () => T): T {
    const outerEnd = this.#end;
    const end = this.#enter(wanted);
    if (++this.#depth > maxDepth) throw this.problem(`more than ${maxDepth} levels of nesting`);
    this.#end = end;
    const value = read();
    this.finish();
    this.#end = outerEnd;
    this.#depth--;
    return value;
  }

  /** Reads the inside of a constructed element as a list of at least `atLeast` items; as-written any may be empty. */
  list<T>(wanted: number, readItem: () => T, atLeast = 1): T[] {
    return this.inside(wanted, () => {
      const items: T[] = [];
      while (!this.done) items.push(readItem());
      if (items.length < atLeast && this.form === 'strict') throw this.problem('list is empty');
      return items;
    });
  }

  /** Throws unless everything has been read. */
  finish(): void {
    if (!this.done) throw this.problem('unexpected bytes');
  }

  /** A view of what has been read since `start`. */
  since(start: number): Buffer {
    return this.#bytes.subarray(start, this.#at);
  }

  /** One element with its header, whatever it holds; of any tag unless one is given. */
  element(wanted = this.peek()): Buffer {
    const start = this.#at;
    this.#at = this.#enter(wanted);
    return this.#bytes.subarray(start, this.#at);
  }

  /** The content octets of a primitive element. */
  content(wanted: number): Buffer {
    const end = this.#enter(wanted);
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return content;
  }

  oid(): ObjectIdentifier {
    const end = this.#enter(tag.oid);
    const oid = parseOid(this.#bytes, this.#at, end);
    this.#at = end;
    return oid;
  }

  boolean(wanted: number = tag.boolean): boolean {
    const content = this.content(wanted);
    const isInForm = this.form === 'as-written' || content[0] === 0 || content[0] === 0xff;
    if (content.length !== 1 || !isInForm) throw this.problem('boolean is not 00 or FF');
    return content[0] !== 0;
  }

  null(): void {
    if (this.content(tag.null).length > 0) throw this.problem('null is not empty');
  }

  /** The content octets of an INTEGER: two's complement, big endian, minimal (X.690 §8.3.2). */
  integer(wanted: number = tag.integer): Bytes {
    const content = this.content(wanted);
    const [first, second = 0] = content;
    if (first === undefined) throw this.problem('integer is empty');
    const padded = (first === 0x00 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (content.length > 1 && padded) throw this.problem('integer is not minimal');
    return content;
  }

  /** A non-negative INTEGER below 2^31. */
  smallInteger(wanted: number = tag.integer): number {
    const content = this.integer(wanted);
    if (content.length > 4 || (content[0] as number) >= 0x80) throw this.problem('integer is out of range');
    return content.reduce((value, byte) => value * 256 + byte, 0);
  }

  bitString(wanted: number = tag.bitString): BitString {
    const content = this.content(wanted);
    const [unusedBits = 8] = content;
    const last = content.length > 1 ? (content.at(-1) as number) : 0;
    if (unusedBits > 7 || (content.length === 1 && unusedBits > 0))
      throw this.problem('bit string is malformed');
    if ((last & ((1 << unusedBits) - 1)) !== 0) throw this.problem('bit string is padded with ones');
    return { bytes: content.subarray(1), unusedBits };
  }

  /** A BIT STRING that holds whole bytes, as keys and signatures do. */
  bitStringBytes(): Bytes {
    const { bytes, unusedBits } = this.bitString();
    if (unusedBits > 0) throw this.problem('bit string does not hold whole bytes');
    return bytes;
  }

  /** The error for something wrong at the cursor. */
  problem(what: string): Error {
    return malformed(what, this.#at);
  }

  /** Moves past the header of an element of the wanted tag, and returns where its content ends. */
  #enter(wanted: number): number {
    const found = this.peek();
    if (found !== wanted) throw this.problem(`tag ${hexByte(found)} instead of ${hexByte(wanted)}`);
    if ((found & 0x1f) === 0x1f || found === 0) throw this.problem(`tag ${hexByte(found)} is not used here`);
    const length = this.#length(this.#at + 1);
    if (length > this.#end - this.#at) throw this.problem('length points past the end');
    return this.#at + length;
  }

  /** Reads a length at `from` (X.690 §10.1) and moves the cursor behind it. */
  #length(from: number): number {
    const first = from < this.#end ? (this.#bytes[from] as number) : 0x80;
    this.#at = from + 1;
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4 || count > this.#end - this.#at)
      throw malformed('length is malformed', from);
    const length = this.#bytes.readUIntBE(this.#at, count);
    const shortest = count === 1 ? 0x80 : 2 ** (8 * (count - 1));
    if (length < shortest) throw malformed('length is not in its shortest form', from);
    this.#at += count;
    return length;
  }
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Reads one DER value that is all of `bytes`. */
export function readDer<T>(bytes: Bytes, read: (reader: DerReader) => T, form: ReadingForm = 'strict'): T {
  const reader = new DerReader(bytes, form);
  const value = read(reader);
  reader.finish();
  return value;
}
