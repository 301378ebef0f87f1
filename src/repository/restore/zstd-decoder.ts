import { createZstdDecompress } from 'node:zlib';
import type { Bytes } from '../../base/index.ts';
import { decompress } from '../format/compression.ts';
import { type ZstdContext, zstdContext } from '../format/zstd-binding.ts';

/** What the state shows when the binding did not write it, because the frame was none. */
const untouched = 0xffff_ffff;
/** More room than the plaintext needs: the end of a frame is seen only with some left. */
const spareBytes = 64;
const firstOutputBytes = 1024 * 1024;
/** The most that is decompressed this way, twice what restic's pieces of files have: no index is trusted with more memory. */
const mostOutputBytes = 16 * 1024 * 1024;

/**
 * Decompresses blob after blob with one context and into one buffer. Whatever is not quite as expected goes Node's public
 * way all the same, where a Node with another binding ends up too.
 */
export class ZstdDecoder {
  #context: ZstdContext | undefined = openContext();
  #output: Bytes = new Uint8Array(firstOutputBytes);

  /** The `plainLength` bytes that a frame holds, good until the next call; `repository_damaged` when it holds others. */
  decode(frame: Bytes, plainLength: number): Bytes {
    const context = plainLength <= mostOutputBytes ? this.#context : undefined;
    const plain = context && this.#decode(context, frame, plainLength);
    return plain ?? decompress(frame, plainLength);
  }

  #decode({ stream, handle, state }: ZstdContext, frame: Bytes, plainLength: number): Bytes | undefined {
    const room = plainLength + spareBytes;
    if (this.#output.length < room) this.#output = new Uint8Array(room);
    state[0] = untouched;
    handle.writeSync(0, frame, 0, frame.length, this.#output, 0, room);
    const [left, unread] = state;
    if (left === spareBytes && unread === 0) return this.#output.subarray(0, plainLength);
    // The context stands in the middle of a frame now.
    stream.destroy();
    this.#context = openContext();
    return undefined;
  }
}

function openContext(): ZstdContext | undefined {
  const stream = createZstdDecompress();
  stream.on('error', () => {
    // Seen by the state already.
  });
  return zstdContext(stream);
}
