import { type Bytes, freeBytes, HoldfastError } from '../base/index.ts';
import { type ByteRange, formatObjectRef, type ObjectRef } from '../storage/index.ts';
import { type HttpAnswer, type Line, Streak, transportError } from '../transport/index.ts';
import { type OpenedObject, objectIn, rangeHeader } from './object-answer.ts';
import { ask, expectAnswer, type RestPeer } from './rest-request.ts';

/** Asks once for an object, or a part of it, and checks that the answer announces exactly that. */
export async function openObject(
  peer: RestPeer,
  ref: ObjectRef,
  options: { readonly range?: ByteRange; readonly signal?: AbortSignal | undefined },
): Promise<OpenedObject> {
  const { range, signal } = options;
  const request = { method: 'GET', path: formatObjectRef(ref), headers: rangeHeader(range), signal } as const;
  return objectIn(expectAnswer(await ask(peer, request), `reading ${formatObjectRef(ref)}`), ref, range);
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
interface ReceiveOptions {
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

/** What is held in memory at most; larger objects are read as streams. */
const maxHeldBytes = 1024 ** 3;

/**
 * The body of an answer in pieces, `length` bytes in all: an end before that is a connection that was lost. The answer
 * is closed however this ends.
 */
async function* receiveChunks(answer: HttpAnswer, length: number): AsyncGenerator<Bytes> {
  const { message, host, close } = answer;
  let received = 0;
  try {
    for await (const chunk of message.iterator({ destroyOnReturn: false })) {
      received += (chunk as Bytes).length;
      if (received > length) break;
      yield chunk as Bytes;
    }
  } catch (error) {
    throw transportError(error, host);
  } finally {
    close();
  }
  if (received !== length) throw incomplete(received, length, host);
}

function incomplete(received: number, length: number, host: string): HoldfastError {
  return connectionLost(host, `${received} of ${length} bytes came`);
}

/** What came of a body before it ended, and why it ended too early. */
interface Received {
  readonly length: number;
  readonly failure?: unknown;
}

/**
 * Copies a body into `bytes`, all of which it has to fill. By events and not by iteration: a piece is 16 KiB at most, and
 * a promise for each costs more than copying it.
 */
async function receiveInto(bytes: Bytes, { message, host, close }: HttpAnswer): Promise<Received> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let length = 0;
  message.on('data', (chunk: Bytes) => {
    bytes.set(chunk.subarray(0, Math.max(0, bytes.length - length)), Math.min(length, bytes.length));
    length += chunk.length;
    // Not before the parser that gave it is done with it.
    process.nextTick(freeBytes, chunk);
  });
  message.once('error', (error) => resolve(transportError(error, host)));
  message.once('close', () => resolve(undefined));
  const failure = await promise.finally(close);
  if (failure !== undefined) return { length: Math.min(length, bytes.length), failure };
  return length === bytes.length
    ? { length }
    : { length: Math.min(length, bytes.length), failure: incomplete(length, bytes.length, host) };
}

/** A buffer for a whole answer. @throws HoldfastError `storage_failed` when it is too large to be held */
function bufferFor(length: number, { close }: HttpAnswer): Bytes {
  if (length <= maxHeldBytes) return Buffer.allocUnsafeSlow(length);
  close();
  throw new HoldfastError('storage_failed', `an answer of ${length} bytes is too large to be held in memory`);
}

/** That an answer ended before its end, found by counting. */
function connectionLost(host: string, found: string): HoldfastError {
  return new HoldfastError('connection_closed', `${host}: the connection broke (${found})`);
}
