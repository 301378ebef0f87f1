import type { Readable } from 'node:stream';
import type { Bytes } from '../base/index.ts';
import {
  arrivalOf,
  LocalLayout,
  listDirectory,
  makeDirectoriesBelow,
  makeDurableDirectories,
} from './local-layout.ts';
import { LocalWriter } from './local-writer.ts';
import { openObjectFile, readFully, resolveRange, statObjectFile, streamFile } from './object-body.ts';
import {
  type ArrivingWrite,
  explainStorageErrors,
  formatObjectRef,
  type ListOptions,
  type ObjectBody,
  type ObjectInfo,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type ReadOptions,
  replacedBy,
  storageError,
} from './object-store.ts';

/**
 * A repository in a directory, laid out as restic's local backend does, so that restic can open it too.
 * Uploads grow in `.uploads/` and get their name by a hard link when they are whole and durable: a name is never
 * overwritten, and a crash leaves at most a file in `.uploads/`, which a later process removes.
 */
export class LocalStore implements ObjectStore {
  readonly location: string;
  readonly #layout: LocalLayout;
  readonly #writer: LocalWriter;
  readonly #within: string | undefined;

  /**
   * `within` is a directory above it that is never made, when one is named: {@link create} makes what is below. `now` says
   * when something arrives, in milliseconds since 1970; otherwise the clock of the file system does, which may be another machine's.
   */
  constructor(
    directory: string,
    { within, now }: { readonly within?: string; readonly now?: () => number } = {},
  ) {
    this.#within = within;
    this.#layout = new LocalLayout(directory);
    this.#writer = new LocalWriter(this.#layout, now);
    this.location = this.#layout.directory;
  }

  async create(options: { signal?: AbortSignal } = {}): Promise<void> {
    const directories = [this.location, ...this.#layout.directories()];
    await explainStorageErrors(`creating ${this.location}`, () =>
      this.#within === undefined
        ? makeDurableDirectories(directories, options.signal)
        : makeDirectoriesBelow(this.#within, directories, options.signal),
    );
  }

  async stat(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<number> {
    options.signal?.throwIfAborted();
    return await explainStorageErrors(`looking for ${formatObjectRef(ref)}`, () =>
      statObjectFile(this.#layout, ref),
    );
  }

  async list(type: ObjectType, options: ListOptions = {}): Promise<readonly ObjectInfo[]> {
    const infos: ObjectInfo[] = [];
    for await (const batch of this.scan(type, options)) infos.push(...batch);
    return infos;
  }

  async *scan(type: ObjectType, options: ListOptions = {}): AsyncIterable<readonly ObjectInfo[]> {
    try {
      for (const directory of this.#layout.typeDirectories(type)) {
        options.signal?.throwIfAborted();
        yield* listDirectory(directory, options);
      }
    } catch (error) {
      throw storageError(error, `listing ${type}`);
    }
  }

  async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    options.signal?.throwIfAborted();
    return await explainStorageErrors(`reading ${formatObjectRef(ref)}`, async () => {
      const opened = await openObjectFile(this.#layout, ref);
      await using file = opened.file;
      return await readFully(file, ref, resolveRange(ref, opened.size, options.range));
    });
  }

  async stream(ref: ObjectRef, options: ReadOptions = {}): Promise<Readable> {
    options.signal?.throwIfAborted();
    return await explainStorageErrors(`reading ${formatObjectRef(ref)}`, async () => {
      const { file, size } = await openObjectFile(this.#layout, ref);
      return await streamFile(file, () => resolveRange(ref, size, options.range), options.signal);
    });
  }

  async write(ref: ObjectRef, body: ObjectBody, options: ArrivingWrite): Promise<void> {
    await explainStorageErrors(`storing ${formatObjectRef(ref)}`, async () => {
      const replaced = replacedBy(ref, options);
      const arrivedMs = options.arrivedMs ?? (replaced && (await arrivalOf(this.location, replaced)));
      await this.#writer.write(ref, body, { ...options, arrivedMs });
      if (replaced !== undefined) await this.#writer.remove(replaced);
    });
  }

  async remove(ref: ObjectRef, options: { signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await explainStorageErrors(`removing ${formatObjectRef(ref)}`, () => this.#writer.remove(ref));
  }
}
