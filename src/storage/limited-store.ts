import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
import { isRepeatable, RepeatedBody } from './object-body.ts';
import type { ObjectBody, ObjectRef, ObjectStore, ReadOptions, WriteOptions } from './object-store.ts';

/** How many bytes may go in a second as of now; any number where undefined. It is asked before each piece. */
type Rate = () => number | undefined;

/** How many bytes may go each way; any number where nothing is said. */
export interface TransferLimits {
  readonly uploadPerSecond?: Rate;
  readonly downloadPerSecond?: Rate;
}

/** How time passes: where it stands, in milliseconds, and how it is waited for. */
export interface Pace {
  readonly now: () => number;
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

const realPace: Pace = {
  now: () => performance.now(),
  wait: async (ms, signal) => await sleep(ms, undefined, signal && { signal }),
};

/** So many bytes go at once: what is lent for a moment is a part of a second's. */
const pieceBytes = 16 * 1024;

/**
 * A store that sends and fetches no faster than is allowed, over all that goes on at a time. What was fetched is given when it may
 * have come, so that over any stretch of some seconds the mean is what was asked for.
 */
export class LimitedStore extends ForwardingStore {
  readonly #up: TokenBucket | undefined;
  readonly #down: TokenBucket | undefined;

  constructor(inner: ObjectStore, limits: TransferLimits, pace: Pace = realPace) {
    super(inner);
    const { uploadPerSecond: up, downloadPerSecond: down } = limits;
    this.#up = up === undefined ? undefined : new TokenBucket(up, pace);
    this.#down = down === undefined ? undefined : new TokenBucket(down, pace);
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    const bytes = await this.inner.read(ref, options);
    await this.#down?.take(bytes.length, options.signal);
    return bytes;
  }

  override async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    const stream = await this.inner.stream(ref, options);
    if (this.#down === undefined) return stream;
    return Readable.from(paced(stream as AsyncIterable<Bytes>, this.#down, options.signal), {
      objectMode: false,
    });
  }

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    await this.inner.write(ref, this.#up === undefined ? body : pacedBody(body, this.#up, options), options);
  }
}

/** A body that can be sent again is one that still can. */
function pacedBody(body: ObjectBody, bucket: TokenBucket, { signal }: WriteOptions): ObjectBody {
  if (!isRepeatable(body)) return paced(body, bucket, signal);
  return new RepeatedBody(() => paced(body, bucket, signal));
}

async function* paced(
  pieces: ObjectBody,
  bucket: TokenBucket,
  signal: AbortSignal | undefined,
): AsyncGenerator<Bytes, void, undefined> {
  for await (const piece of pieces)
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const part = piece.subarray(at, at + pieceBytes);
      await bucket.take(part.length, signal);
      yield part;
    }
}

/** Lets so many bytes by in a second; whoever comes waits behind those that came before. */
class TokenBucket {
  readonly #perSecond: Rate;
  readonly #pace: Pace;
  /** When all that was let by will have been due. */
  #dueMs = 0;

  constructor(perSecond: Rate, pace: Pace) {
    this.#perSecond = perSecond;
    this.#pace = pace;
  }

  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const perSecond = this.#perSecond();
    if (perSecond === undefined) return;
    const now = this.#pace.now();
    this.#dueMs = Math.max(now, this.#dueMs) + (bytes / perSecond) * 1000;
    await this.#pace.wait(this.#dueMs - now, signal);
  }
}
