import { forEachLimited, isHoldfastError } from '../base/index.ts';
import {
  isObjectId,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
} from '../storage/index.ts';
import { type HttpAnswer, receivePieces } from '../transport/index.ts';
import { listEntries, malformedList } from './list-entries.ts';

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
