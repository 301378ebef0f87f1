import { type Bytes, HoldfastError } from '../base/index.ts';
import { type ByteRange, formatObjectRef, type ObjectRef } from '../storage/index.ts';
import { answerMalformed, type HttpAnswer, type Line, Streak } from '../transport/index.ts';
import { bufferFor, receiveChunks, receiveInto } from './receive-body.ts';
import { expectAnswer } from './refusal.ts';
import { announcedLength, rangeHeader } from './rest-range.ts';
import { ask, type RestPeer } from './rest-request.ts';

/** An answer whose body is an object, or the part asked for. */
export interface OpenedObject {
  readonly answer: HttpAnswer;
  /** Bytes of the body. */
  readonly length: number;
}

/** Asks once for an object, or a part of it, and checks that the answer announces exactly that. */
export async function openObject(
  peer: RestPeer,
  ref: ObjectRef,
  options: { readonly range?: ByteRange; readonly signal?: AbortSignal | undefined },
): Promise<OpenedObject> {
  const { range, signal } = options;
  const request = { method: 'GET', path: formatObjectRef(ref), headers: rangeHeader(range), signal } as const;
  const answer = expectAnswer(await ask(peer, request), `reading ${formatObjectRef(ref)}`);
  try {
    const length = announcedLength(answer, ref, range);
    checkSize(ref, length, answer.host);
    return { answer, length };
  } catch (error) {
    answer.close();
    throw error;
  }
}

const mebibyte = 1024 ** 2;

/** Larger than any that a client makes. */
const maxBytes: Readonly<Record<ObjectRef['type'], number>> = {
  config: mebibyte,
  keys: mebibyte,
  locks: mebibyte,
  snapshots: 64 * mebibyte,
  index: 1024 * mebibyte,
  data: Number.POSITIVE_INFINITY,
};

function checkSize(ref: ObjectRef, length: number, host: string): void {
  if (length <= maxBytes[ref.type]) return;
  throw answerMalformed(host, `it answers with ${length} bytes for ${formatObjectRef(ref)}`);
}

/** Opens what follows the bytes that have come. */
export type Reopen = (done: number) => Promise<OpenedObject>;

/** A line that breaks again and again without having brought this much is as good as down. */
const progressBytes = 256 * 1024;

/** How an object comes over a line, which may break in the middle. */
class Resuming {
  done = 0;
  readonly #reopen: Reopen;
  readonly #line: Line;
  readonly #signal: AbortSignal | undefined;
  readonly #streak = new Streak();
  #brokeAt = 0;
  #length: number | undefined;

  constructor(reopen: Reopen, line: Line, signal: AbortSignal | undefined) {
    this.#reopen = reopen;
    this.#line = line;
    this.#signal = signal;
  }

  /** What is left of it. @throws HoldfastError as the line and {@link openObject}, `storage_failed` when its size has changed */
  async open(): Promise<OpenedObject> {
    const opened = await this.#line.attempt({ signal: this.#signal }, () => this.#reopen(this.done));
    const length = this.done + opened.length;
    this.#length ??= length;
    if (length === this.#length) return opened;
    opened.answer.close();
    throw new HoldfastError(
      'storage_failed',
      `an object of ${this.#length} bytes has ${length} when it is read on`,
    );
  }

  /** Waits until it can go on. @throws what is no passing failure, and what has gone on for too long */
  async broke(failure: unknown): Promise<void> {
    if (this.done - this.#brokeAt >= progressBytes) this.#line.held(this.#streak);
    this.#brokeAt = this.done;
    await this.#line.endure(failure, this.#streak, { signal: this.#signal });
  }
}

/** How {@link receiveObject} and {@link objectChunks} go on after a failure. */
export interface ReceiveOptions {
  readonly line: Line;
  readonly signal?: AbortSignal;
}

/** An object in memory. When its connection is lost, `open` is asked for what follows the bytes that have come. */
export async function receiveObject(open: Reopen, { line, signal }: ReceiveOptions): Promise<Bytes> {
  const resuming = new Resuming(open, line, signal);
  let bytes: Bytes | undefined;
  for (;;) {
    const { answer, length } = await resuming.open();
    bytes ??= bufferFor(length, answer);
    const received = await receiveInto(bytes.subarray(resuming.done), answer);
    resuming.done += received.length;
    if (resuming.done === bytes.length) return bytes;
    await resuming.broke(received.failure);
  }
}

/** The same in pieces, the first of which has been opened when this resolves. */
export async function objectChunks(
  open: Reopen,
  { line, signal }: ReceiveOptions,
): Promise<AsyncGenerator<Bytes>> {
  const resuming = new Resuming(open, line, signal);
  return chunksOf(resuming, await resuming.open());
}

async function* chunksOf(resuming: Resuming, first: OpenedObject): AsyncGenerator<Bytes> {
  const whole = first.length;
  for (let opened = first; ; opened = await resuming.open()) {
    try {
      for await (const chunk of receiveChunks(opened.answer, opened.length)) {
        resuming.done += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (resuming.done === whole) throw error;
      await resuming.broke(error);
    }
  }
}
