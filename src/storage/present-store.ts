import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { type Bytes, HoldfastError, systemErrorCode, writeFileAtomic } from '../base/index.ts';
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

/**
 * What tells the directory of all repositories from the place where its disk should be. A name that no client can have and
 * that a shell's `*` takes along.
 */
export const storeMarkerFile = '_holdfast-store.json';

const StoreMarker = Type.Object(
  {
    format: Type.Literal(1),
    /** 32 hexadecimal digits, random. */
    store: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    /** Whose clients it is for. */
    network: Type.String({ minLength: 1 }),
  },
  { additionalProperties: false },
);

/** Which store a directory is. */
export type StoreMarker = Pick<Static<typeof StoreMarker>, 'store' | 'network'>;

/** The marker in a directory; undefined when there is none. @throws HoldfastError `storage_failed` for one that is damaged */
export async function readStoreMarker(directory: string): Promise<StoreMarker | undefined> {
  const path = join(directory, storeMarkerFile);
  const text = await orUndefined(readFile(path, 'utf8'));
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (Check(StoreMarker, value)) return value;
  throw new HoldfastError('storage_failed', `${path} is damaged: it does not say which store this is`, {
    hint: 'put the file back from a copy of the store, or remove it, and then: holdfast store accept --reason TEXT',
  });
}

/** Marks a directory that has no marker, durably. */
export async function writeStoreMarker(directory: string, { store, network }: StoreMarker): Promise<void> {
  const text = `${JSON.stringify({ format: 1, store, network })}\n`;
  await writeFileAtomic(join(directory, storeMarkerFile), text, { exclusive: true });
}

/** Whether a repository is in a directory of repositories: `<client>/config` or `<client>/<repository>/config`. */
export async function holdsRepositories(directory: string): Promise<boolean> {
  return await holdsBelow(directory, 2);
}

async function holdsBelow(directory: string, levels: number): Promise<boolean> {
  for (const name of (await orUndefined(readdir(directory))) ?? []) {
    const path = join(directory, name);
    if ((await orUndefined(lstat(join(path, 'config')))) !== undefined) return true;
    if (levels > 1 && (await holdsBelow(path, levels - 1))) return true;
  }
  return false;
}

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (absent.includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

const absent: readonly string[] = ['ENOENT', 'ENOTDIR'];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
