import type { IncomingMessage } from 'node:http';
import type { Bytes } from '../base/index.ts';

/**
 * The body of `request` in pieces as large as `buffer`, the last one excepted, all in that same memory: each piece is
 * valid until the next is asked for. TLS gives 16 KiB at a time; hashing and writing like more. Stopping early does not
 * end the connection, so that an answer can still be sent.
 */
export async function* gatherBody(request: IncomingMessage, buffer: Buffer): AsyncGenerator<Bytes> {
  const gatherer = new Gatherer(request, buffer);
  try {
    for (;;) {
      const piece = await gatherer.next();
      if (piece.length === 0) return;
      yield piece;
    }
  } finally {
    gatherer.stop();
  }
}

class Gatherer {
  readonly #request: IncomingMessage;
  readonly #buffer: Buffer;
  #filled = 0;
  /** What came beyond the end of the buffer. */
  #rest: Buffer = Buffer.alloc(0);
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(request: IncomingMessage, buffer: Buffer) {
    this.#request = request;
    this.#buffer = buffer;
    request
      .on('data', this.#onData)
      .on('end', this.#onEnd)
      .on('error', this.#onError)
      .on('close', this.#onClose);
    if (request.destroyed) this.#onClose();
  }

  /** A full buffer, or what was left at the end; then nothing. */
  async next(): Promise<Bytes> {
    this.#filled = 0;
    this.#take(this.#rest);
    while (this.#filled < this.#buffer.length && !this.#ended) {
      if (this.#failure !== undefined) throw this.#failure;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#request.resume();
      await promise;
    }
    return this.#buffer.subarray(0, this.#filled);
  }

  stop(): void {
    this.#request
      .off('data', this.#onData)
      .off('end', this.#onEnd)
      .off('error', this.#onError)
      .off('close', this.#onClose);
  }

  #take(chunk: Buffer): void {
    const copied = chunk.copy(this.#buffer, this.#filled);
    this.#filled += copied;
    this.#rest = chunk.subarray(copied);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#take(chunk);
    if (this.#filled < this.#buffer.length) return;
    this.#request.pause();
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake();
  };

  readonly #onError = (error: Error): void => {
    this.#failure = error;
    this.#wake();
  };

  readonly #onClose = (): void => {
    if (!this.#ended) this.#onError(this.#failure ?? new Error('the peer closed the connection'));
  };
}
