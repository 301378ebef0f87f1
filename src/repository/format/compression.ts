import type { Transform } from 'node:stream';
import {
  constants,
  createZstdCompress,
  createZstdDecompress,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
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

interface ZstdInternals {
  readonly [handleKey]?: ZstdHandle | null;
  readonly [stateKey]?: Uint32Array;
}

/** A zstd context of Node's that is driven call by call. */
interface ZstdContext {
  readonly stream: Transform;
  readonly handle: ZstdHandle;
  /** After a write: what is left of the output's room, then of the input. */
  readonly state: Uint32Array;
}

/**
 * The context inside one of Node's zstd streams, so that one serves many blobs: the public synchronous calls make a
 * context each, which for 2 kB takes four times as long as the work. Undefined where Node's binding is another one;
 * the public calls are the way then.
 */
function zstdContext(stream: Transform): ZstdContext | undefined {
  const { [handleKey]: handle, [stateKey]: state } = stream as unknown as ZstdInternals;
  return handle && state ? { stream, handle, state } : undefined;
}
