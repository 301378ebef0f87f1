import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Bytes, HoldfastError } from '../../base/index.ts';

/** The largest plaintext that is ever decompressed when nothing better is known: 1 GiB, far above any real index. */
export const maxPlainBytes = 2 ** 30;

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
