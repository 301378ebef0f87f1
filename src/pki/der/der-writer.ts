import type { Bytes } from '../../base/index.ts';
import { tag } from './der-tag.ts';
import { encodeOid, type ObjectIdentifier } from './object-identifier.ts';

/**
 * Writes DER front to back into one buffer. The length of an element is put in when its content is complete;
 * only content of 128 bytes and more has to move for it, by one to four bytes.
 */
export class DerWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(expectedBytes = 1024) {
    // Nothing of it leaves that was not written.
    this.#bytes = Buffer.allocUnsafe(expectedBytes);
  }

  /** How many bytes have been written. */
  get position(): number {
    return this.#at;
  }

  /** An element whose content is what `write` writes. */
  inside(identifier: number, write: () => void): void {
    this.#reserve(2);
    this.#bytes[this.#at++] = identifier;
    const lengthAt = this.#at++;
    write();
    this.#setLength(lengthAt);
  }

  /** The header of an element whose content has so many bytes, and follows. */
  header(identifier: number, contentBytes: number): void {
    const count = lengthOctets(contentBytes);
    this.#reserve(2 + count);
    this.#bytes[this.#at++] = identifier;
    if (count === 0) this.#bytes[this.#at++] = contentBytes;
    else {
      this.#bytes[this.#at++] = 0x80 | count;
      this.#at = this.#bytes.writeUIntBE(contentBytes, this.#at, count);
    }
  }

  /** An element whose content octets are given. */
  content(identifier: number, content: Bytes): void {
    this.inside(identifier, () => this.element(content));
  }

  /** Bytes that already are DER. */
  element(der: Bytes): void {
    this.#reserve(der.length);
    this.#bytes.set(der, this.#at);
    this.#at += der.length;
  }

  /** An element whose content is text that fits one byte a character. */
  latin1(identifier: number, text: string): void {
    this.#text(identifier, text, 'latin1', text.length);
  }

  utf8(identifier: number, text: string): void {
    this.#text(identifier, text, 'utf8', Buffer.byteLength(text));
  }

  oid(oid: ObjectIdentifier): void {
    this.content(tag.oid, encodeOid(oid));
  }

  boolean(value: boolean): void {
    this.content(tag.boolean, Uint8Array.of(value ? 0xff : 0));
  }

  null(): void {
    this.content(tag.null, new Uint8Array());
  }

  /** A non-negative INTEGER from its magnitude, big endian; leading zeros are put right (X.690 §8.3.2). */
  unsignedInteger(magnitude: Bytes, identifier: number = tag.integer): void {
    let first = 0;
    while (magnitude[first] === 0) first++;
    const significant = magnitude.subarray(first);
    this.inside(identifier, () => {
      if ((significant[0] ?? 0x80) >= 0x80) this.element(Uint8Array.of(0));
      this.element(significant);
    });
  }

  /** A non-negative INTEGER (or ENUMERATED) below 2^31, else a `TypeError`. */
  smallInteger(value: number, identifier: number = tag.integer): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 31)
      throw new TypeError(`not a small integer: ${value}`);
    this.unsignedInteger(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value), identifier);
  }

  bitString(bytes: Bytes, unusedBits = 0): void {
    this.inside(tag.bitString, () => {
      this.element(Uint8Array.of(unusedBits));
      this.element(bytes);
    });
  }

  /** A view of what has been written since `start`, good until the next write. */
  since(start: number): Bytes {
    return this.#bytes.subarray(start, this.#at);
  }

  /** A copy of all that has been written. */
  finish(): Bytes {
    return new Uint8Array(this.#bytes.subarray(0, this.#at));
  }

  #text(identifier: number, text: string, encoding: 'latin1' | 'utf8', byteLength: number): void {
    this.inside(identifier, () => {
      this.#reserve(byteLength);
      this.#at += this.#bytes.write(text, this.#at, encoding);
    });
  }

  #setLength(lengthAt: number): void {
    const start = lengthAt + 1;
    const length = this.#at - start;
    const count = lengthOctets(length);
    if (count === 0) {
      this.#bytes[lengthAt] = length;
      return;
    }
    this.#reserve(count);
    this.#bytes.copyWithin(start + count, start, this.#at);
    this.#bytes[lengthAt] = 0x80 | count;
    this.#bytes.writeUIntBE(length, start, count);
    this.#at += count;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + count));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** How many bytes an element with so many of content has. */
export function elementBytes(contentBytes: number): number {
  return 2 + lengthOctets(contentBytes) + contentBytes;
}

/** How many octets a length takes besides the first one. */
function lengthOctets(length: number): number {
  if (length < 0x80) return 0;
  return length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
}

/** The DER that `write` writes. */
export function writeDer(write: (writer: DerWriter) => void, expectedBytes?: number): Bytes {
  const writer = new DerWriter(expectedBytes);
  write(writer);
  return writer.finish();
}
