import type { Bytes } from '../base/index.ts';
import type { ObjectBody } from './object-store.ts';

/** The pieces of `body` one after the other; a wait for the next one ends when `signal` is aborted. */
export async function* bodyChunks(body: ObjectBody, signal: AbortSignal | undefined): AsyncGenerator<Bytes> {
  signal?.throwIfAborted();
  if (signal === undefined || Symbol.iterator in body) {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      yield chunk;
    }
    return;
  }
  yield* abortableChunks(body, signal);
}

async function* abortableChunks(body: AsyncIterable<Bytes>, signal: AbortSignal): AsyncGenerator<Bytes> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  aborted.promise.catch(() => {});
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator that waits for something else would answer only when that comes.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
