import type { Agent } from 'node:http';
import { Readable } from 'node:stream';
import { type Bytes, forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type ByteRange,
  existsError,
  formatObjectRef,
  isObjectId,
  isRepeatable,
  type ListOptions,
  type ObjectBody,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from '../storage/index.ts';
import {
  answerMalformed,
  discardBody,
  type HttpAnswer,
  Line,
  type QuotaState,
  receivePieces,
} from '../transport/index.ts';
import { contentLength, remainingRange } from './object-answer.ts';
import { objectChunks, openObject, type Reopen, receiveObject } from './open-object.ts';
import { ask, expectAnswer, type Refusal, type RestPeer } from './rest-request.ts';

/** Asks for the time at which each object of a listing was stored. */
const arrivalsHeader = 'holdfast-arrivals';

/** Names the snapshot in whose place one comes. */
const replacesHeader = 'holdfast-replaces';

interface SignalOption {
  readonly signal?: AbortSignal;
}

interface RestStoreOptions {
  /** Where the repository is: `https://HOST:PORT/<client>/`. */
  readonly url: string;
  /** Makes and keeps the connections; it checks the server before a byte is sent. */
  readonly agent: Agent;
  /** What decides when to try again; one of its own unless said. */
  readonly line?: Line;
  /** Told of the quota of whoever asks, when the server says that little is left of it. */
  readonly onQuota?: ((told: QuotaState) => void) | undefined;
}

/**
 * A repository on a server that speaks restic's REST protocol. What is lost on the way is tried again, since every
 * request may be repeated; what the server refuses is not.
 */
export class RestStore implements ObjectStore {
  readonly location: string;
  readonly #peer: RestPeer;
  readonly #line: Line;

  constructor({ url, agent, line = new Line(), onQuota }: RestStoreOptions) {
    const base = new URL(url.endsWith('/') ? url : `${url}/`);
    this.location = `${base.origin}${base.pathname}`;
    this.#peer = { url: base, agent, onQuota };
    this.#line = line;
  }

  async create({ signal }: SignalOption = {}): Promise<void> {
    await this.#line.attempt({ signal }, async () => {
      const outcome = await ask(this.#peer, { method: 'POST', path: '?create=true', signal });
      await discardBody(expectAnswer(outcome, `creating ${this.location}`));
    });
  }

  async stat(ref: ObjectRef, { signal }: SignalOption = {}): Promise<number> {
    return await this.#line.attempt({ signal }, () => this.#statOnce(ref, signal));
  }

  async list(
    type: ObjectType,
    { arrivals = false, signal }: ListOptions = {},
  ): Promise<readonly ObjectInfo[]> {
    // Of our own servers; others do not look at it.
    const headers: Record<string, string> = arrivals ? { [arrivalsHeader]: 'yes' } : {};
    return await this.#line.attempt({ signal }, async () => {
      const outcome = await ask(this.#peer, { method: 'GET', path: `${type}/`, headers, signal });
      if (outcome.kind === 'refusal' && outcome.status === 404) return [];
      const answer = expectAnswer(outcome, `listing ${type}`);
      return await receiveList(answer, type, (ref) => this.#statOnce(ref, signal));
    });
  }

  async *scan(type: ObjectType, options: ListOptions = {}): AsyncIterable<readonly ObjectInfo[]> {
    yield await this.list(type, options);
  }

  async read(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Bytes> {
    return await receiveObject(this.#opener(ref, range, signal), { line: this.#line, signal });
  }

  async stream(ref: ObjectRef, { range, signal }: ReadOptions = {}): Promise<Readable> {
    const chunks = await objectChunks(this.#opener(ref, range, signal), { line: this.#line, signal });
    return Readable.from(chunks, { objectMode: false });
  }

  async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const { size, signal } = options;
    const replaced = replacedBy(ref, options);
    const headers = {
      'content-type': 'application/octet-stream',
      ...(replaced && { [replacesHeader]: replaced.name }),
    };
    const request = {
      method: 'POST',
      path: formatObjectRef(ref),
      headers,
      body: { chunks: body, size },
      signal,
    } as const;
    await this.#line.attempt({ signal, isUnsafe: () => !isRepeatable(body) }, async () => {
      const outcome = await ask(this.#peer, request);
      if (outcome.kind === 'refusal' && (await this.#isStored(ref, size, outcome, signal))) return;
      await discardBody(expectAnswer(outcome, `storing ${formatObjectRef(ref)}`));
    });
    // Others than our own servers have not looked at it.
    if (replaced !== undefined) await this.remove(replaced, { signal });
  }

  async remove(ref: ObjectRef, { signal }: SignalOption = {}): Promise<void> {
    await this.#line.attempt({ signal }, async () => {
      const outcome = await ask(this.#peer, { method: 'DELETE', path: formatObjectRef(ref), signal });
      if (outcome.kind === 'refusal' && outcome.status === 404) return;
      if (outcome.kind === 'refusal' && outcome.status === 403 && !outcome.told) throw appendOnlyError(ref);
      await discardBody(expectAnswer(outcome, `removing ${formatObjectRef(ref)}`));
    });
  }

  /** A connection that is lost in the middle is made again, and what follows is asked for. */
  #opener(ref: ObjectRef, range: ByteRange | undefined, signal: AbortSignal | undefined): Reopen {
    return (done) => openObject(this.#peer, ref, { range: remainingRange(range, done), signal });
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

function appendOnlyError(ref: ObjectRef): HoldfastError {
  return new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: the server refuses it`);
}

const typeV2 = 'application/vnd.x.restic.rest.v2';

const mebibyte = 1024 ** 2;

/** Listings of three million packs, which are fifty terabytes, and of a hundred thousand of all else. */
const maxListBytes: Readonly<Record<ObjectType, number>> = {
  data: 256 * mebibyte,
  index: 16 * mebibyte,
  snapshots: 16 * mebibyte,
  keys: 16 * mebibyte,
  locks: 16 * mebibyte,
};

/** Requests for sizes at a time, when a server lists names alone. */
const statsAtOnce = 8;

/**
 * Reads the listing in `answer`. A server of version 1 lists names alone; then `stat` is asked for each size, and what
 * was removed meanwhile is left out. Names that are none of an object's are passed over.
 */
async function receiveList(
  answer: HttpAnswer,
  type: ObjectType,
  stat: (ref: ObjectRef) => Promise<number>,
): Promise<readonly ObjectInfo[]> {
  const { host, message } = answer;
  const entries = listEntries(receivePieces(answer, maxListBytes[type]), host);
  if (message.headers['content-type'] === typeV2)
    return await collect(entries, (one) => namedSize(one, host));
  return await withSizes(await collect(entries, (one) => onlyName(one, host)), (name) =>
    stat({ type, name }),
  );
}

async function withSizes(
  names: readonly ObjectId[],
  stat: (name: ObjectId) => Promise<number>,
): Promise<readonly ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  await forEachLimited(names, statsAtOnce, async (name) => {
    try {
      infos.push({ name, size: await stat(name) });
    } catch (error) {
      if (!isHoldfastError(error, 'object_not_found')) throw error;
    }
  });
  return infos;
}

function namedSize(entry: unknown, host: string): readonly ObjectInfo[] {
  const { name, size, arrived } = Object(entry) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !Number.isSafeInteger(size) || Number(size) < 0) throw malformedList(host);
  if (!isObjectId(name)) return [];
  const arrivedMs = Number.isSafeInteger(arrived) ? { arrivedMs: Number(arrived) } : {};
  return [{ name, size: Number(size), ...arrivedMs }];
}

function onlyName(entry: unknown, host: string): readonly ObjectId[] {
  if (typeof entry !== 'string') throw malformedList(host);
  return isObjectId(entry) ? [entry] : [];
}

async function collect<T>(
  entries: AsyncIterable<unknown>,
  read: (entry: unknown) => readonly T[],
): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const entry of entries) found.push(...read(entry));
  return found;
}

/** Longer than any entry of a listing. */
const maxEntryLength = 4096;

/** What separates an entry from what is before it, and the entry: a flat object or a text, of which neither has a brace or quote within. */
const entryForm = /\s*([[,])\s*(\{[^{}]*\}|"[^"\\]*")/y;
const endForm = /^\s*(\[\s*)?\]\s*$/;

/**
 * The entries of a listing (a JSON array of flat objects, or of texts) as they come, so that no more of it is held than they
 * are. @throws HoldfastError `answer_malformed`
 */
async function* listEntries(pieces: AsyncIterable<Bytes>, host: string): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  let text = '';
  let isFirst = true;
  for await (const piece of pieces) {
    text += decoder.decode(piece, { stream: true });
    let end = 0;
    for (let match = entryAt(text, end); match !== null; match = entryAt(text, end)) {
      if ((match[1] === '[') !== isFirst) throw malformedList(host);
      isFirst = false;
      end = entryForm.lastIndex;
      yield parseEntry(match[2] ?? '', host);
    }
    text = text.slice(end);
    if (text.length > maxEntryLength) throw malformedList(host);
  }
  const [whole, opening] = endForm.exec(text) ?? [];
  if (whole === undefined || (opening !== undefined) !== isFirst) throw malformedList(host);
}

function entryAt(text: string, start: number): RegExpExecArray | null {
  entryForm.lastIndex = start;
  return entryForm.exec(text);
}

function parseEntry(text: string, host: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformedList(host);
  }
}

/** That a server answered with something else than a listing. */
function malformedList(host: string): HoldfastError {
  return answerMalformed(host, 'it answers with a listing that is none');
}
