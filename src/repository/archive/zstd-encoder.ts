import { constants, createZstdCompress } from 'node:zlib';
import type { Bytes } from '../../base/index.ts';
import { compress } from '../format/compression.ts';
import { type ZstdContext, zstdContext } from '../format/zstd-binding.ts';

/** Room behind a frame, which whoever encrypts it in whole blocks may read. */
const slackBytes = 16;

/** Compresses blob after blob into zstd frames of their own, with one context and into one buffer. */
export class ZstdEncoder {
  readonly #level: number;
  readonly #context: ZstdContext | undefined;
  #output: Bytes = new Uint8Array(64 * 1024);
  #failure: Error | undefined;

  /** @param contextOf where the context comes from; without one Node's public call does the work */
  constructor(level: number, contextOf = zstdContext) {
    const stream = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
    stream.on('error', (error) => {
      this.#failure = error;
    });
    this.#level = level;
    this.#context = contextOf(stream);
  }

  /**
   * A frame that holds `plain`, with its length in the frame's header. A view with at least 16 bytes behind it,
   * good until the next call.
   */
  encode(plain: Bytes): Bytes {
    const bound = frameBound(plain.length);
    if (this.#output.length < bound) this.#output = new Uint8Array(2 ** Math.ceil(Math.log2(bound)));
    const length = this.#context ? this.#encode(this.#context, plain) : this.#compress(plain);
    return this.#output.subarray(0, length);
  }

  #encode({ handle, state }: ZstdContext, plain: Bytes): number {
    const room = this.#output.length - slackBytes;
    handle.writeSync(constants.ZSTD_e_end, plain, 0, plain.length, this.#output, 0, room);
    if (this.#failure) throw this.#failure;
    const [left = 0, unread = 0] = state;
    if (unread > 0 || left === 0) throw new Error('zstd did not finish its frame');
    return room - left;
  }

  #compress(plain: Bytes): number {
    const frame = compress(plain, this.#level);
    this.#output.set(frame);
    return frame.length;
  }
}

/** More than any frame of `length` bytes takes (zstd.h, ZSTD_COMPRESSBOUND), and what `encode` promises behind it. */
function frameBound(length: number): number {
  return length + Math.ceil(length / 256) + 1024;
}
