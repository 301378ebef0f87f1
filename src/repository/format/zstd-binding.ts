import type { Transform } from 'node:stream';
import type { Bytes } from '../../base/index.ts';

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
export interface ZstdContext {
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
export function zstdContext(stream: Transform): ZstdContext | undefined {
  const { [handleKey]: handle, [stateKey]: state } = stream as unknown as ZstdInternals;
  return handle && state ? { stream, handle, state } : undefined;
}
