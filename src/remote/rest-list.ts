import { forEachLimited, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  isObjectId,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
} from '../storage/index.ts';
import { receiveText } from './receive-body.ts';
import type { RestAnswer } from './rest-answer.ts';

const typeV2 = 'application/vnd.x.restic.rest.v2';

/** A listing of three million objects. */
const maxListBytes = 256 * 1024 * 1024;

/** Requests for sizes at a time, when a server lists names alone. */
const statsAtOnce = 8;

/**
 * Reads the listing in `answer`. A server of version 1 lists names alone; then `stat` is asked for each size, and what
 * was removed meanwhile is left out. Names that are none of an object's are passed over.
 */
export async function receiveList(
  answer: RestAnswer,
  type: ObjectType,
  stat: (ref: ObjectRef) => Promise<number>,
): Promise<readonly ObjectInfo[]> {
  const entries = parseArray(await receiveText(answer, maxListBytes));
  if (answer.message.headers['content-type'] === typeV2) return entries.flatMap(namedSize);
  return await withSizes(entries.flatMap(onlyName), (name) => stat({ type, name }));
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

function namedSize(entry: unknown): readonly ObjectInfo[] {
  const { name, size, arrived } = Object(entry) as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !Number.isSafeInteger(size) || Number(size) < 0) throw malformed();
  if (!isObjectId(name)) return [];
  const arrivedMs = Number.isSafeInteger(arrived) ? { arrivedMs: Number(arrived) } : {};
  return [{ name, size: Number(size), ...arrivedMs }];
}

function onlyName(entry: unknown): readonly ObjectId[] {
  if (typeof entry !== 'string') throw malformed();
  return isObjectId(entry) ? [entry] : [];
}

function parseArray(text: string): readonly unknown[] {
  const value = parseJson(text);
  if (!Array.isArray(value)) throw malformed();
  return value as readonly unknown[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed();
  }
}

function malformed(): HoldfastError {
  return new HoldfastError('storage_failed', 'the server answered with a listing that is none');
}
