import type { Readable } from 'node:stream';
import type { Bytes } from '../base/index.ts';
import { ForwardingStore } from './forwarding-store.ts';
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
export class PresentStore extends ForwardingStore {
  readonly #check: (forWhat?: 'change') => Promise<void>;

  constructor(inner: ObjectStore, check: (forWhat?: 'change') => Promise<void>) {
    super(inner);
    this.#check = check;
  }

  override create(options?: { signal?: AbortSignal }): Promise<void> {
    return this.#change(() => super.create(options));
  }

  override stat(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<number> {
    return this.#look(() => super.stat(ref, options));
  }

  override async list(type: ObjectType, options?: { signal?: AbortSignal }): Promise<readonly ObjectInfo[]> {
    const infos = await super.list(type, options);
    await this.#check();
    return infos;
  }

  override async *scan(
    type: ObjectType,
    options?: { signal?: AbortSignal },
  ): AsyncIterable<readonly ObjectInfo[]> {
    await this.#check();
    yield* super.scan(type, options);
    await this.#check();
  }

  override read(ref: ObjectRef, options?: ReadOptions): Promise<Bytes> {
    return this.#look(() => super.read(ref, options));
  }

  override stream(ref: ObjectRef, options?: ReadOptions): Promise<Readable> {
    return this.#look(() => super.stream(ref, options));
  }

  override write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    return this.#change(() => super.write(ref, body, options));
  }

  override remove(ref: ObjectRef, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#change(() => super.remove(ref, options));
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
