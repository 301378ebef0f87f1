import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';
import type { RepositoryVersion } from './config.ts';

/** JSON becomes a string, which cannot be longer, and objects, which take more: half a GiB, a directory of a million files. */
const maxJsonBytes = 2 ** 29;
/** A directory of empty files whose names are numbers shrinks to a 230th; nothing that was really written to less than this. */
const mostJsonRatio = 1024;
const smallJsonBytes = 2 ** 20;

/**
 * The most that JSON can have been which takes `storedBytes` now. What says that it is more is refused before memory is
 * taken for it: a few kilobytes of zstd can become gigabytes.
 */
export function mostJsonBytes(storedBytes: number): number {
  return Math.min(maxJsonBytes, smallJsonBytes + mostJsonRatio * storedBytes);
}

const maxChunkBytes = 2 ** 20;

/** One zstd frame (RFC 8878) holding `plain`. */
export function compress(plain: Bytes, level = 1): Bytes {
  return zstdCompressSync(plain, {
    chunkSize: Math.min(maxChunkBytes, plain.length + 64),
    params: { [constants.ZSTD_c_compressionLevel]: level },
  });
}

/**
 * What a zstd frame holds. Frames need not say how long their content is, so memory is bounded by `maxBytes` and
 * not by the frame: `repository_damaged` when there is more, or when it is no zstd frame.
 */
export function decompress(frame: Bytes, maxBytes: number): Bytes {
  const chunkSize = Math.max(64, Math.min(maxChunkBytes, maxBytes));
  try {
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, maxBytes), chunkSize });
  } catch (cause) {
    throw new HoldfastError('repository_damaged', `not a zstd frame of at most ${maxBytes} bytes`, { cause });
  }
}

const zstdMark = 2;
const brace = 0x7b;
const bracket = 0x5b;

/**
 * The plaintext of a file that is not a pack (index, snapshot, lock) and holds this JSON
 * (restic design document, "Unpacked Data Format"): compressed in version 2, as it is in version 1.
 */
export function encodeUnpacked(json: Bytes, version: RepositoryVersion): Bytes {
  return version === 1 ? json : concatBytes(Uint8Array.of(zstdMark), compress(json, 3));
}

/**
 * The JSON in the plaintext of such a file, which is empty when the plaintext is. `repository_damaged`, naming
 * `what`, when it is neither JSON nor compressed, or more than its size allows.
 */
export function decodeUnpacked(plaintext: Bytes, what: string): Bytes {
  const [first] = plaintext;
  if (first === undefined || first === brace || first === bracket) return plaintext;
  if (first !== zstdMark) {
    throw new HoldfastError('repository_damaged', `${what} has the unknown encoding ${first}`);
  }
  try {
    return decompress(plaintext.subarray(1), mostJsonBytes(plaintext.length));
  } catch (cause) {
    throw new HoldfastError('repository_damaged', `${what} does not decompress`, { cause });
  }
}
