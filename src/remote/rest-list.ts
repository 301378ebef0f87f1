import { type Bytes, forEachLimited, type HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  isObjectId,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
} from '../storage/index.ts';
import { answerMalformed, type HttpAnswer, receivePieces } from '../transport/index.ts';

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
export async function receiveList(
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
