import { type Bytes, toHex } from '../../base/index.ts';
import type { ObjectId } from '../../storage/index.ts';
import { maxBlobBytes } from './blob.ts';
import { unitOverhead } from './unit.ts';

/** Blobs side by side, in memory that a million of them can have. */
export interface BlobColumns {
  /** Raw, 32 bytes each. */
  readonly ids: Bytes;
  /** For each blob four numbers: whether it is a tree, offset, length, plain length (0: not compressed). */
  readonly places: Uint32Array;
}

/** A pack and which of the blobs are in it: from `start` up to, not including, `end`. */
export interface PackStretch {
  readonly id: ObjectId;
  readonly start: number;
  readonly end: number;
}

/** What an index file says. */
export interface ScannedIndex {
  readonly blobs: BlobColumns;
  readonly packs: readonly PackStretch[];
}

const idSize = 32;
const columns = 4;
const maxDigits = 10;
/** Shorter than the JSON of any blob. */
const leastBytes = 100;

const words = {
  start: Buffer.from('{"packs":['),
  pack: Buffer.from('{"id":"'),
  blobs: Buffer.from('","blobs":['),
  data: Buffer.from('","type":"data","offset":'),
  tree: Buffer.from('","type":"tree","offset":'),
  length: Buffer.from(',"length":'),
  plainLength: Buffer.from(',"uncompressed_length":'),
  blobEnd: Buffer.from('}'),
  comma: Buffer.from(','),
  packEnd: Buffer.from(']}'),
  newline: Buffer.from('\n'),
};

/**
 * Reads the JSON of an index file byte by byte, without an object for each blob, in a tenth of the time that `JSON.parse`
 * takes. Undefined for a file that is not written just as restic and we write it: `parseIndexFile` reads it then, or says what is
 * wrong.
 */
export function scanIndexFile(json: Bytes): ScannedIndex | undefined {
  return new IndexScanner(json).scan();
}

class IndexScanner {
  readonly #json: Bytes;
  readonly #ids: Buffer;
  readonly #places: Uint32Array;
  #count = 0;
  #at = 0;

  constructor(json: Bytes) {
    const most = Math.ceil(json.length / leastBytes);
    this.#json = json;
    this.#ids = Buffer.alloc(most * idSize);
    this.#places = new Uint32Array(most * columns);
  }

  scan(): ScannedIndex | undefined {
    const packs: PackStretch[] = [];
    if (!this.#skip(words.start)) return undefined;
    do {
      const pack = this.#pack();
      if (pack === undefined) return undefined;
      packs.push(pack);
    } while (this.#skip(words.comma));
    if (!this.#skip(words.packEnd)) return undefined;
    this.#skip(words.newline);
    if (this.#at < this.#json.length) return undefined;
    return { blobs: { ids: this.#ids, places: this.#places }, packs };
  }

  #pack(): PackStretch | undefined {
    const id = new Uint8Array(idSize);
    if (!this.#skip(words.pack) || !this.#id(id, 0) || !this.#skip(words.blobs)) return undefined;
    const start = this.#count;
    do {
      if (!this.#blob()) return undefined;
    } while (this.#skip(words.comma));
    return this.#skip(words.packEnd) ? { id: toHex(id) as ObjectId, start, end: this.#count } : undefined;
  }

  #blob(): boolean {
    if (!this.#skip(words.pack) || !this.#id(this.#ids, this.#count * idSize)) return false;
    const isTree = this.#skip(words.tree);
    if (!isTree && !this.#skip(words.data)) return false;
    const offset = this.#number();
    const length = this.#skip(words.length) ? this.#number() : -1;
    const plainLength = this.#skip(words.plainLength) ? this.#number() : 0;
    if (offset < 0 || length < unitOverhead || plainLength < 0) return false;
    const at = columns * this.#count++;
    this.#places[at] = isTree ? 1 : 0;
    this.#places[at + 1] = offset;
    this.#places[at + 2] = length;
    this.#places[at + 3] = plainLength;
    return this.#skip(words.blobEnd);
  }

  #skip(word: Bytes): boolean {
    for (let i = 0; i < word.length; i++) if (this.#json[this.#at + i] !== word[i]) return false;
    this.#at += word.length;
    return true;
  }

  #id(into: Bytes, start: number): boolean {
    for (let i = 0; i < idSize; i++) {
      const high = digitOf(this.#json[this.#at + 2 * i]);
      const low = digitOf(this.#json[this.#at + 2 * i + 1]);
      if (high < 0 || low < 0) return false;
      into[start + i] = high * 16 + low;
    }
    this.#at += 2 * idSize;
    return true;
  }

  /** What JSON calls a whole number, up to the length of the largest blob; -1 for anything else. */
  #number(): number {
    const start = this.#at;
    let value = 0;
    for (let digit = this.#digit(); digit >= 0; digit = this.#digit()) {
      value = value * 10 + digit;
      this.#at++;
    }
    const digits = this.#at - start;
    const isWhole = digits > 0 && digits <= maxDigits && (digits === 1 || this.#json[start] !== zero);
    return isWhole && value <= maxBlobBytes ? value : -1;
  }

  #digit(): number {
    const code = this.#json[this.#at] ?? 0;
    return code >= zero && code <= zero + 9 ? code - zero : -1;
  }
}

const zero = 0x30;

/** What the code of a lowercase hexadecimal digit stands for; -1 for any other. */
export function digitOf(code = 0): number {
  if (code >= zero && code <= zero + 9) return code - zero;
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1;
}
