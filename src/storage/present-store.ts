import type { Readable } from 'node:stream';
import type { Bytes } from '../base/index.ts';
import type {
  ObjectBody,
  ObjectInfo,
  ObjectRef,
  ObjectStore,
  ObjectType,
  ReadOptions,
  WriteOptions,
} from './object-store.ts';

/**
 * A store on a disk that may go away and come back. That something is not there is said only while the disk is; what is
 * written counts only when it still is afterwards. `check` throws while it is not.
 */
export class PresentStore implements ObjectStore {
  readonly #inner: ObjectStore;
  readonly #check: (forWhat?: 'change') => Promise<void>;

  constructor(inner: ObjectStore, check: (forWhat?: 'change') => Promise<void>) {
    this.#inner = inner;
    this.#check = check;
  }

  get location(): string {
    return this.#inner.location;
  }

  create(options?: { signal?: AbortSignal }): Promise<void> {
    return this.#change(() => this.#inner.create(options));
  }

  stat(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<number> {
    return this.#look(() => this.#inner.stat(ref, options));
  }

  async list(type: ObjectType, options?: { signal?: AbortSignal }): Promise<readonly ObjectInfo[]> {
    const infos = await this.#inner.list(type, options);
    await this.#check();
    return infos;
  }

  async *scan(type: ObjectType, options?: { signal?: AbortSignal }): AsyncIterable<readonly ObjectInfo[]> {
    await this.#check();
    yield* this.#inner.scan(type, options);
    await this.#check();
  }

  read(ref: ObjectRef, options?: ReadOptions): Promise<Bytes> {
    return this.#look(() => this.#inner.read(ref, options));
  }

  stream(ref: ObjectRef, options?: ReadOptions): Promise<Readable> {
    return this.#look(() => this.#inner.stream(ref, options));
  }

  write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    return this.#change(() => this.#inner.write(ref, body, options));
  }

  remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#change(() => this.#inner.remove(ref, options));
  }

  /** What is read says itself that it is there. */
  async #look<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#check();
      throw error;
    }
  }

  async #change(work: () => Promise<void>): Promise<void> {
    await this.#check('change');
    await this.#look(work);
    await this.#check();
  }
}
