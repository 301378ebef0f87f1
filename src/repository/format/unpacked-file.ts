import { type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';
import { compress, decompress, mostJsonBytes } from './compression.ts';
import type { RepositoryVersion } from './config.ts';

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
