import { timingSafeEqual } from 'node:crypto';

/** Bytes as they travel between folders: never a view that somebody else goes on writing to, unless said. */
export type Bytes = Uint8Array;

/** Lowercase hexadecimal of `bytes`. */
export function toHex(bytes: Bytes): string {
  return asBuffer(bytes).toString('hex');
}

/** The bytes of lowercase or uppercase hexadecimal; a `TypeError` for anything else. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new TypeError('not hexadecimal');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** One array holding all of `parts`, in order. */
export function concatBytes(...parts: readonly Bytes[]): Bytes {
  return Buffer.concat(parts);
}

/** Whether two arrays hold the same bytes. Not for secrets: the time it takes tells where they differ. */
export function equalBytes(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Whether two secrets hold the same bytes, in a time that depends on their length alone. */
export function equalSecrets(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Gives back at once the memory of bytes that nobody will look at again, when they have it to themselves. The collector
 * does not see how large they are: it comes late, or too often.
 */
export function freeBytes({ buffer, byteLength }: Bytes): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/** A `Buffer` over the same memory. */
export function asBuffer(bytes: Bytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
