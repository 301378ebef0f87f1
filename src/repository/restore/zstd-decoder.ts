import { createZstdDecompress } from 'node:zlib';
import type { Bytes } from '../../base/index.ts';
import { decompress } from '../format/compression.ts';

/** Not documented, but unchanged since Node 11, where zlib's streams got them. */
const handleKey = '_handle';
const stateKey = '_writeState';

/** The part of Node's zstd binding that is used here. */
interface ZstdHandle {
  writeSync(
    flush: number,
    input: Bytes,
    inputAt: number,
    inputLength: number,
    output: Bytes,
    outputAt: number,
    outputLength: number,
  ): void;
}

interface ZstdStream {
  readonly [handleKey]?: ZstdHandle | null;
  /** After a write: what is left of the output's room, then of the input. */
  readonly [stateKey]?: Uint32Array;
  destroy(): void;
  on(event: 'error', listener: () => void): void;
}

interface Context {
  readonly stream: ZstdStream;
  readonly handle: ZstdHandle;
  readonly state: Uint32Array;
}

/** What the state shows when the binding did not write it, because the frame was none. */
const untouched = 0xffff_ffff;
/** More room than the plaintext needs: the end of a frame is seen only with some left. */
const spareBytes = 64;
const firstOutputBytes = 1024 * 1024;
/** The most that is decompressed this way, twice what restic's pieces of files have: no index is trusted with more memory. */
const mostOutputBytes = 16 * 1024 * 1024;

/**
 * Decompresses blob after blob with one context and into one buffer. Node's public way makes a context for every call, which
 * for a file of 2 kB takes several times as long as decompressing it. Whatever is not quite as expected goes that way all
 * the same, where a Node with another binding ends up too.
 */
export class ZstdDecoder {
  #context: Context | undefined = openContext();
  #output: Bytes = new Uint8Array(firstOutputBytes);

  /** The `plainLength` bytes that a frame holds, good until the next call; `repository_damaged` when it holds others. */
  decode(frame: Bytes, plainLength: number): Bytes {
    const context = plainLength <= mostOutputBytes ? this.#context : undefined;
    const plain = context && this.#decode(context, frame, plainLength);
    return plain ?? decompress(frame, plainLength);
  }

  #decode({ stream, handle, state }: Context, frame: Bytes, plainLength: number): Bytes | undefined {
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

function openContext(): Context | undefined {
  const stream = createZstdDecompress() as unknown as ZstdStream;
  stream.on('error', () => {
    // Seen by the state already.
  });
  const handle = stream[handleKey];
  const state = stream[stateKey];
  return handle && state ? { stream, handle, state } : undefined;
}
