import { createHash } from 'node:crypto';
import { type Bytes, freeBytes, isHoldfastError, systemErrorCode } from '../base/index.ts';
import {
  type ArrivingWrite,
  explainStorageErrors,
  formatObjectRef,
  type NamedRef,
  type ObjectRef,
  type ObjectStore,
  RepeatedBody,
} from '../storage/index.ts';

/**
 * How the copying of one object ended: `damaged` is one whose bytes are not what its name says, or cannot be read, at
 * the source; `unequal` one in whose place the destination has something else; `gone` one that the source has no more.
 */
export type CopyOutcome = 'copied' | 'damaged' | 'unequal' | 'gone';

/**
 * Copies one object, whose name both ends hold against its bytes: a store stores nothing that differs, and what it
 * refuses is read again where it comes from, so that damage is told from a line that lies.
 * @throws HoldfastError what stops the destination, or the line to either
 */
export async function copyObject(
  from: ObjectStore,
  to: ObjectStore,
  ref: NamedRef,
  options: ArrivingWrite,
): Promise<CopyOutcome> {
  const { signal } = options;
  const source: { failure?: unknown } = {};
  const body = new RepeatedBody(() => piecesOf(from, ref, { signal, source }));
  try {
    await to.write(ref, body, options);
    return 'copied';
  } catch (error) {
    signal?.throwIfAborted();
    if (isHoldfastError(source.failure, 'object_not_found')) return 'gone';
    if (isHoldfastError(error, 'object_exists')) return 'unequal';
    const isSuspect = source.failure !== undefined || isHoldfastError(error, 'object_corrupt');
    if (isSuspect && (await lookAt(from, ref, signal)) !== 'good') return 'damaged';
    throw error;
  }
}

/** How an object is: as its name says, not so, not to be read for another reason than its own, or not there. */
export type ObjectState = 'good' | 'damaged' | 'unreadable' | 'gone';

/**
 * Reads an object against its name.
 * @throws HoldfastError what is no matter of the one object, as a line that is down
 */
export async function lookAt(
  store: ObjectStore,
  ref: NamedRef,
  signal: AbortSignal | undefined,
): Promise<ObjectState> {
  const hash = createHash('sha256');
  try {
    await explainStorageErrors(`reading ${formatObjectRef(ref)}`, async () => {
      for await (const piece of piecesOf(store, ref, { signal })) hash.update(piece);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (isHoldfastError(error, 'object_not_found')) return 'gone';
    if (isHoldfastError(error, 'object_corrupt') || isBadSector(error)) return 'damaged';
    if (isHoldfastError(error, 'storage_failed')) return 'unreadable';
    throw error;
  }
  return hash.digest('hex') === ref.name ? 'good' : 'damaged';
}

/** Whether the disk itself could not read it. */
function isBadSector(error: unknown): boolean {
  return isHoldfastError(error, 'storage_failed') && systemErrorCode(error.cause) === 'EIO';
}

/** The bytes of an object, each piece valid until the next is asked for; notes why it could not give them all. */
async function* piecesOf(
  store: ObjectStore,
  ref: ObjectRef,
  { signal, source }: { readonly signal?: AbortSignal | undefined; readonly source?: { failure?: unknown } },
): AsyncGenerator<Bytes> {
  try {
    const stream = await store.stream(ref, signal && { signal });
    try {
      for await (const piece of stream as AsyncIterable<Bytes>) {
        yield piece;
        freeBytes(piece);
      }
    } finally {
      stream.destroy();
    }
  } catch (error) {
    if (source !== undefined) source.failure = error;
    throw error;
  }
}
