import type { Readable } from 'node:stream';
import { type Bytes, HoldfastError, systemErrorCode, systemErrorHint } from '../base/index.ts';

/** The kinds of files a restic repository holds beside its one `config` (restic design document, "Repository Layout"). */
export type ObjectType = 'data' | 'keys' | 'locks' | 'snapshots' | 'index';

/** All object types, in the order in which a repository is written: what refers comes after what it refers to. */
export const objectTypes: readonly ObjectType[] = ['keys', 'data', 'index', 'snapshots', 'locks'];

/** An object's name: 64 lowercase hexadecimal digits, the SHA-256 of its stored bytes. */
export type ObjectId = string & { readonly __brand: 'ObjectId' };

/** Which object is meant: the repository's `config`, or one named file of a type. */
export type ObjectRef = { readonly type: 'config' } | { readonly type: ObjectType; readonly name: ObjectId };

/** An object named by the SHA-256 of its bytes; `config` is not one. */
export type NamedRef = Exclude<ObjectRef, { readonly type: 'config' }>;

/** An object as a listing shows it. */
export interface ObjectInfo {
  readonly name: ObjectId;
  /** Stored size in bytes. */
  readonly size: number;
  /**
   * When it was stored, milliseconds since 1970 by the clock of whoever stores it: only where that was asked for and is
   * known. A copy of a store may have given its files other times.
   */
  readonly arrivedMs?: number;
}

export interface ListOptions {
  /** Say when each object was stored, too. */
  readonly arrivals?: boolean;
  readonly signal?: AbortSignal;
}

/** A part of an object: from `offset` on, `length` bytes or all the rest. */
export interface ByteRange {
  readonly offset: number;
  readonly length?: number;
}

export interface ReadOptions {
  readonly range?: ByteRange;
  /**
   * Says that the object will be wanted again, whole or in parts: a cache in front of a distant store then fetches and
   * keeps all of it. Meant for packs of trees; indexes and snapshots are kept without asking. Others ignore it.
   */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

export interface WriteOptions {
  /** The exact number of bytes that `body` will give. */
  readonly size: number;
  /** As in {@link ReadOptions}: the object will be read again, so a cache keeps a copy of what was stored. */
  readonly keep?: boolean;
  /**
   * The snapshot in whose place this one comes. That is removed, and this one counts as having arrived when that did, where the store knows of it; where that may
   * not be removed, this one is not stored either. So an arrival passes on, and nobody can make one up: who may not remove gives none away.
   */
  readonly replaces?: ObjectId | undefined;
  readonly signal?: AbortSignal;
}

/** A write of a store that keeps when things arrive. */
export interface ArrivingWrite extends WriteOptions {
  /** When it is to count as having arrived, milliseconds since 1970; now unless said. */
  readonly arrivedMs?: number | undefined;
}

/** The snapshot in whose place `ref` comes, where there is one. */
export function replacedBy(
  ref: ObjectRef,
  { replaces }: Pick<WriteOptions, 'replaces'>,
): NamedRef | undefined {
  if (replaces === undefined || ref.type !== 'snapshots' || ref.name === replaces) return undefined;
  return { type: 'snapshots', name: replaces };
}

/**
 * The bytes to store, in pieces, the larger the better: each is written as it is. An array of one view is fine, shared
 * memory too. A piece may lose its content when the next one is asked for, so a store holds on to none. What can be iterated more than once
 * (an array) survives a lost connection: it is sent again. A generator or a stream is taken once.
 */
export type ObjectBody = Iterable<Bytes> | AsyncIterable<Bytes>;

/**
 * One repository's files, wherever they are: a directory, memory, another machine.
 *
 * Promises of every implementation (proved by the contract suite in `object-store.contract.ts`):
 * - an object is there whole or not at all, also after a crash or a failed write; acknowledged means durable;
 * - except `config`, an object's name is the SHA-256 of its bytes: `write` checks it and stores nothing that differs
 *   (`object_corrupt`);
 * - writing what is there already succeeds when the bytes are the same, else `object_exists`, `config` included;
 * - `remove` of what is not there succeeds;
 * - a missing object is `object_not_found`, a range that is not wholly inside the object `range_not_satisfiable`,
 *   a full disk `storage_full`;
 * - an aborted signal rejects with its reason; an aborted `write` leaves nothing behind.
 */
export interface ObjectStore {
  /** Where this is, for messages: a path or a URL without secrets. */
  readonly location: string;
  /** Makes the place ready to be written to; does nothing when it is. */
  create(options?: { signal?: AbortSignal }): Promise<void>;
  /** The stored size in bytes. */
  stat(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<number>;
  /** Every object of one type, in no particular order; nothing when the repository does not exist. */
  list(type: ObjectType, options?: ListOptions): Promise<readonly ObjectInfo[]>;
  /** The same in batches of bounded size, for listings that should not be held in memory. */
  scan(type: ObjectType, options?: ListOptions): AsyncIterable<readonly ObjectInfo[]>;
  /** The object's bytes, or exactly the range asked for. */
  read(ref: ObjectRef, options?: ReadOptions): Promise<Bytes>;
  /**
   * The same as a stream, for objects that should not be held in memory; the caller consumes or destroys it, and the memory of
   * its pieces is his.
   */
  stream(ref: ObjectRef, options?: ReadOptions): Promise<Readable>;
  write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void>;
  remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void>;
}

const objectIdPattern = /^[0-9a-f]{64}$/;

/** Whether `text` is an object's name: exactly 64 lowercase hexadecimal digits. */
export function isObjectId(text: string): text is ObjectId {
  return objectIdPattern.test(text);
}

/** Whether `text` is one of the repository's directories. */
export function isObjectType(text: string): text is ObjectType {
  return (objectTypes as readonly string[]).includes(text);
}

/** The name of an object from text out of a file, a URL or an index; `object_name_invalid` for anything else. */
function parseObjectId(text: string): ObjectId {
  if (!isObjectId(text)) {
    const shown = JSON.stringify(text.slice(0, 80));
    throw new HoldfastError(
      'object_name_invalid',
      `object name ${shown} is not 64 lowercase hexadecimal digits`,
    );
  }
  return text;
}

/** The object meant by a type and a name from outside; `object_name_invalid` when the name is none. */
export function parseObjectName(type: ObjectType, name: string): ObjectRef {
  return { type, name: parseObjectId(name) };
}

/** An object as messages show it: `config`, or `<type>/<name>`. */
export function formatObjectRef(ref: ObjectRef): string {
  return ref.type === 'config' ? 'config' : `${ref.type}/${ref.name}`;
}

/** That `ref` is not there. */
export function notFoundError(ref: ObjectRef, location: string, cause?: unknown): HoldfastError {
  return new HoldfastError('object_not_found', `${formatObjectRef(ref)} is not in ${location}`, { cause });
}

/** That something else is already stored under the name of `ref`. */
export function existsError(ref: ObjectRef, location: string): HoldfastError {
  return new HoldfastError(
    'object_exists',
    `${formatObjectRef(ref)} is already in ${location} with other content`,
  );
}

/**
 * What a failed system call means for a store: no room is `storage_full`, any other system error `storage_failed`.
 * Errors that already say what they mean, and bugs, are returned as they are.
 */
export function storageError(error: unknown, doing: string): unknown {
  const code = systemErrorCode(error);
  if (!(error instanceof Error) || error instanceof HoldfastError || !code?.startsWith('E')) return error;
  if (code.startsWith('ERR_')) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new HoldfastError('storage_full', `${doing}: no space left`, {
      hint: 'free space where the repositories are stored, then run the same again',
      cause: error,
    });
  }
  return new HoldfastError('storage_failed', `${doing}: ${error.message}`, {
    hint: systemErrorHint,
    cause: error,
  });
}

/** Runs `work` and throws its failures as {@link storageError} explains them. */
export async function explainStorageErrors<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, doing);
  }
}
