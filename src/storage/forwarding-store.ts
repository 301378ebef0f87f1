import type { Readable } from 'node:stream';
import { type Bytes, HoldfastError } from '../base/index.ts';
import {
  formatObjectRef,
  type ListOptions,
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  type WriteOptions,
} from './object-store.ts';

/** A store that does everything by another. What stands before a store extends it, and says only what it does otherwise. */
export class ForwardingStore implements ObjectStore {
  protected readonly inner: ObjectStore;

  constructor(inner: ObjectStore) {
    this.inner = inner;
  }

  get location(): string {
    return this.inner.location;
  }

  create(options?: { signal?: AbortSignal }): Promise<void> {
    return this.inner.create(options);
  }

  stat(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<number> {
    return this.inner.stat(ref, options);
  }

  list(type: ObjectType, options?: ListOptions): Promise<readonly ObjectInfo[]> {
    return this.inner.list(type, options);
  }

  scan(type: ObjectType, options?: ListOptions): AsyncIterable<readonly ObjectInfo[]> {
    return this.inner.scan(type, options);
  }

  read(ref: ObjectRef, options?: ReadOptions): Promise<Bytes> {
    return this.inner.read(ref, options);
  }

  stream(ref: ObjectRef, options?: ReadOptions): Promise<Readable> {
    return this.inner.stream(ref, options);
  }

  write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    return this.inner.write(ref, body, options);
  }

  remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    return this.inner.remove(ref, options);
  }
}

/**
 * A store from which nothing can be taken away: removing and replacing is `append_only`, except for locks, which every run of
 * restic makes and removes. Overwriting is refused by every store.
 */
export class AppendOnlyStore extends ForwardingStore {
  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    const replaced = replacedBy(ref, options);
    if (replaced !== undefined) throw appendOnly(replaced);
    await super.write(ref, body, options);
  }

  override async remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    if (ref.type !== 'locks') throw appendOnly(ref);
    await super.remove(ref, options);
  }
}

function appendOnly(ref: ObjectRef): HoldfastError {
  return new HoldfastError('append_only', `${formatObjectRef(ref)} cannot be removed: append-only`);
}
