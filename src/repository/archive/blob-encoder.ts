import type { Bytes } from '../../base/index.ts';
import type { BlobType } from '../format/blob.ts';
import type { RepositoryVersion } from '../format/config.ts';
import type { StoredBlob } from './pack-builder.ts';
import { plaintextSlack } from './unit-writer.ts';
import { ZstdEncoder } from './zstd-encoder.ts';

/**
 * zstd's level: 1 below this many bytes, 2 from there on. With it packs are within 3 % of restic's; level 1 for all would
 * store up to 29 % more of large files, and level 2 for all makes small ones slower, and no smaller.
 */
const levelTwoBytes = 64 * 1024;

/** Makes of plaintexts what goes into packs: compressed where the format allows it and it helps. */
export class BlobEncoder {
  readonly #version: RepositoryVersion;
  readonly #fast = new ZstdEncoder(1);
  readonly #dense = new ZstdEncoder(2);

  constructor(version: RepositoryVersion) {
    this.#version = version;
  }

  /**
   * Encodes the first `length` bytes of `plaintext`, behind which there are {@link plaintextSlack} more. What is
   * returned is good until the next call, and as long as `plaintext` is.
   */
  encode(type: BlobType, id: Bytes, plaintext: Bytes, length: number): StoredBlob {
    const plain: StoredBlob = { type, id, bytes: plaintext, length, plainLength: undefined };
    if (this.#version === 1 || length === 0) return plain;
    const encoder = length < levelTwoBytes ? this.#fast : this.#dense;
    const frame = encoder.encode(plaintext.subarray(0, length));
    // Directories are always compressed in version 2: restic's prune would repack others.
    if (frame.length >= length && type === 'data') return plain;
    const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.length + plaintextSlack);
    return { type, id, bytes, length: frame.length, plainLength: length };
  }
}
