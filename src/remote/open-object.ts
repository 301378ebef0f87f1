import type { Bytes } from '../base/index.ts';
import { type ByteRange, formatObjectRef, type ObjectRef } from '../storage/index.ts';
import { type BackOff, retry, TransientError } from './back-off.ts';
import { receiveChunks } from './receive-body.ts';
import { expectAnswer } from './refusal.ts';
import type { RestAnswer } from './rest-answer.ts';
import { announcedLength, rangeHeader } from './rest-range.ts';
import { ask, type RestPeer } from './rest-request.ts';

/** An answer whose body is an object, or the part asked for. */
export interface OpenedObject {
  readonly answer: RestAnswer;
  /** Bytes of the body. */
  readonly length: number;
}

/** Asks once for an object, or a part of it, and checks that the answer announces exactly that. */
export async function openObject(
  peer: RestPeer,
  ref: ObjectRef,
  options: { readonly range?: ByteRange | undefined; readonly signal?: AbortSignal | undefined },
): Promise<OpenedObject> {
  const { range, signal } = options;
  const request = { method: 'GET', path: formatObjectRef(ref), headers: rangeHeader(range), signal } as const;
  const answer = expectAnswer(await ask(peer, request), `reading ${formatObjectRef(ref)}`);
  try {
    return { answer, length: announcedLength(answer, ref, range) };
  } catch (error) {
    answer.close();
    throw error;
  }
}

/** The bytes of `first`; when its connection is lost, `reopen` is asked for what follows the bytes that have come. */
export async function* resumedChunks(
  first: OpenedObject,
  reopen: (done: number) => Promise<OpenedObject>,
  options: { readonly backOff: BackOff; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Bytes> {
  let opened = first;
  let done = 0;
  while (done < first.length) {
    try {
      for await (const chunk of receiveChunks(opened.answer, opened.length)) {
        done += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof TransientError) || done === first.length) throw error;
    }
    opened = await retry(options.backOff, options.signal, () => reopen(done));
  }
}
