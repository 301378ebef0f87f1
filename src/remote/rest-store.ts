import type { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { type Bytes, HoldfastError } from '../base/index.ts';
import {
  type ByteRange,
  existsError,
  formatObjectRef,
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  type WriteOptions,
} from '../storage/index.ts';
import { type BackOff, exponentialBackOff, retry } from './back-off.ts';
import { type OpenedObject, openObject, resumedChunks } from './open-object.ts';
import { discardBody, receiveBytes } from './receive-body.ts';
import { expectAnswer, type Refusal } from './refusal.ts';
import { receiveList } from './rest-list.ts';
import { contentLength } from './rest-range.ts';
import { ask, type RestPeer } from './rest-request.ts';

interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface RestStoreOptions {
  /** Where the repository is: `https://HOST:PORT/<client>/`. */
  readonly url: string;
  /** Makes and keeps the connections; it checks the server before a byte is sent. */
  readonly agent: Agent;
  /** When to try again after a lost connection or a server that failed; {@link exponentialBackOff} unless said. */
  readonly backOff?: BackOff;
}

/**
 * A repository on a server that speaks restic's REST protocol. What is lost on the way is tried again, since every
 * request may be repeated; what the server refuses is not.
 */
export class RestStore implements ObjectStore {
  readonly location: string;
  readonly #peer: RestPeer;
  readonly #backOff: BackOff;

  constructor({ url, agent, backOff = exponentialBackOff }: RestStoreOptions) {
    const base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.location = `${base.origin}${base.pathname}`;
    this.#peer = { url: base, agent };
    this.#backOff = backOff;
  }

  async create({ signal }: SignalOption = {}): Promise<void> {
    await retry(this.#backOff, signal, async () => {
      const outcome = await ask(this.#peer, { method: 'POST', path: '?create=true', signal });
      await discardBody(expectAnswer(outcome, `creating ${this.location}`));
    });
  }

  async stat(ref: ObjectRef, { signal }: SignalOption = {}): Promise<number> {
    return await retry(this.#backOff, signal, () => this.#statOnce(ref, signal));
  }

  async list(type: ObjectType, { signal }: SignalOption = {}): Promise<readonly ObjectInfo[]> {
    return await retry(this.#backOff, signal, async () => {
      const outcome = await ask(this.#peer, { method: 'GET', path: `${type}/`, signal });
      if (outcome.kind === 'refusal' && outcome.status === 404) return [];
      const answer = expectAnswer(outcome, `listing ${type}`);
      return await receiveList(answer, type, (ref) => this.#statOnce(ref, signal));
    });
  }

  async *scan(type: ObjectType, options: SignalOption = {}): AsyncIterable<readonly ObjectInfo[]> {
    yield await this.list(type, options);
  }

  async read(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Bytes> {
    return await retry(this.#backOff, signal, async () => {
      const { answer, length } = await openObject(this.#peer, ref, { range, signal });
      return await receiveBytes(answer, length);
    });
  }

  /** A connection that is lost in the middle is made again, and the stream goes on where it was. */
  async stream(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Readable> {
    const open = (offset: number): Promise<OpenedObject> => {
      const rest = offset === 0 ? range : remainingRange(range, offset);
      return openObject(this.#peer, ref, { range: rest, signal });
    };
    const first = await retry(this.#backOff, signal, () => open(0));
    const chunks = resumedChunks(first, open, { backOff: this.#backOff, signal });
    return Readable.from(chunks, { objectMode: false });
  }

  async write(ref: ObjectRef, body: ObjectBody, { size, signal }: WriteOptions): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' };
    const request = {
      method: 'POST',
      path: formatObjectRef(ref),
      headers,
      body: { chunks: body, size },
      signal,
    } as const;
    await retry(isRepeatable(body) ? this.#backOff : never, signal, async () => {
      const outcome = await ask(this.#peer, request);
      if (outcome.kind === 'refusal' && (await this.#isStored(ref, size, outcome, signal))) return;
      await discardBody(expectAnswer(outcome, `storing ${formatObjectRef(ref)}`));
    });
  }

  async remove(ref: ObjectRef, { signal }: SignalOption = {}): Promise<void> {
    await retry(this.#backOff, signal, async () => {
      const outcome = await ask(this.#peer, { method: 'DELETE', path: formatObjectRef(ref), signal });
      if (outcome.kind === 'refusal' && outcome.status === 404) return;
      if (outcome.kind === 'refusal' && outcome.status === 403 && !outcome.told) throw appendOnlyError(ref);
      await discardBody(expectAnswer(outcome, `removing ${formatObjectRef(ref)}`));
    });
  }

  async #statOnce(ref: ObjectRef, signal: AbortSignal | undefined): Promise<number> {
    const outcome = await ask(this.#peer, { method: 'HEAD', path: formatObjectRef(ref), signal });
    const answer = expectAnswer(outcome, `looking for ${formatObjectRef(ref)}`);
    await discardBody(answer);
    return contentLength(answer, ref);
  }

  /**
   * Some servers refuse with a bare 403 whatever is there already, also after an upload of which only the answer was
   * lost. A name stands for its content, so the size settles it; `config` has no such name.
   */
  async #isStored(
    ref: ObjectRef,
    size: number,
    refusal: Refusal,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (refusal.status !== 403 || refusal.told) return false;
    const stored = await this.#statOnce(ref, signal);
    if (stored !== size || ref.type === 'config') throw existsError(ref, this.location);
    return true;
  }
}

const never: BackOff = () => undefined;

/** Whether `body` can be sent a second time: an array can, a generator gives itself and is used up. */
function isRepeatable(body: ObjectBody): boolean {
  return Symbol.iterator in body && (body[Symbol.iterator]() as unknown) !== body;
}

function remainingRange(range: ByteRange | undefined, done: number): ByteRange {
  const { offset, length } = range ?? { offset: 0 };
  return length === undefined ? { offset: offset + done } : { offset: offset + done, length: length - done };
}

function appendOnlyError(ref: ObjectRef): HoldfastError {
  return new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: the server refuses it`);
}
