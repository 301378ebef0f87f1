import { lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { makePrivateDirectory, syncDirectory, systemErrorCode } from '../base/index.ts';
import {
  isObjectId,
  type ListOptions,
  type NamedRef,
  type ObjectId,
  type ObjectInfo,
  type ObjectRef,
  type ObjectType,
  objectTypes,
} from './object-store.ts';

/** Where a repository's files are in its directory, as restic's local backend has them. */
export class LocalLayout {
  readonly directory: string;
  /** Where uploads grow until they are whole: in the same file system, under a name that no repository can have. */
  readonly temporary: string;
  /** Where rests what was removed. */
  readonly trash: string;

  constructor(directory: string) {
    this.directory = resolve(directory);
    this.temporary = join(this.directory, '.uploads');
    this.trash = join(this.directory, '.trash');
  }

  /** Every directory of a repository, those that hold others first. */
  directories(): readonly string[] {
    const types = objectTypes.map((type) => join(this.directory, type));
    return [...types, ...this.typeDirectories('data'), this.temporary];
  }

  /** The directories in which the files of `type` are. */
  typeDirectories(type: ObjectType): readonly string[] {
    if (type !== 'data') return [join(this.directory, type)];
    return Array.from({ length: 256 }, (_, i) =>
      join(this.directory, 'data', i.toString(16).padStart(2, '0')),
    );
  }

  /** The directory in which the file of `ref` is. */
  parent(ref: ObjectRef): string {
    if (ref.type === 'config') return this.directory;
    if (ref.type !== 'data') return join(this.directory, ref.type);
    return join(this.directory, 'data', ref.name.slice(0, 2));
  }

  path(ref: ObjectRef): string {
    return join(this.parent(ref), ref.type === 'config' ? 'config' : ref.name);
  }
}

const batchEntries = 512;

/**
 * The objects in one directory, in batches; whatever else is in it (other names, directories, links) is passed over,
 * and so is what is removed meanwhile. A directory that is not there holds nothing.
 */
export async function* listDirectory(
  directory: string,
  { arrivals = false, signal }: ListOptions,
): AsyncGenerator<readonly ObjectInfo[]> {
  const names = await objectNames(directory);
  for (let start = 0; start < names.length; start += batchEntries) {
    signal?.throwIfAborted();
    const batch = names.slice(start, start + batchEntries);
    const infos = await Promise.all(batch.map((name) => objectInfo(directory, name, arrivals)));
    yield infos.filter((info) => info !== undefined);
  }
}

async function objectNames(directory: string): Promise<readonly ObjectId[]> {
  try {
    return (await readdir(directory)).filter(isObjectId);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** When an object came to the repository in a directory, milliseconds since 1970; undefined where it is not there. */
export async function arrivalOf(directory: string, ref: NamedRef): Promise<number | undefined> {
  const parent = new LocalLayout(directory).parent(ref);
  return (await objectInfo(parent, ref.name, true))?.arrivedMs;
}

async function objectInfo(
  directory: string,
  name: ObjectId,
  arrivals: boolean,
): Promise<ObjectInfo | undefined> {
  try {
    const stat = await lstat(join(directory, name));
    if (!stat.isFile()) return undefined;
    const { size, mtimeMs } = stat;
    // It was written under another name and is never changed, so that this is when it was complete.
    return arrivals ? { name, size, arrivedMs: Math.round(mtimeMs) } : { name, size };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Creates directories and what is missing above them, for their owner alone (0700), and makes their names durable. */
export async function makeDurableDirectories(paths: readonly string[], signal?: AbortSignal): Promise<void> {
  const changed = new Set<string>();
  for (const path of paths) {
    signal?.throwIfAborted();
    const first = await makePrivateDirectory(path);
    if (first !== undefined) for (const parent of parentsDownFrom(first, path)) changed.add(parent);
  }
  for (const directory of changed) await syncDirectory(directory);
}

/**
 * The same below `root`, which is never made: one that has gone away with its disk must not come back as an empty folder.
 * What the system refuses is thrown, `ENOENT` where `root` is gone.
 */
export async function makeDirectoriesBelow(
  root: string,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const changed = new Set<string>();
  for (const path of paths) {
    let current = root;
    for (const name of relative(root, path).split(sep).filter(Boolean)) {
      signal?.throwIfAborted();
      const parent = current;
      current = join(parent, name);
      if (await makeDirectory(current)) changed.add(parent);
    }
  }
  for (const directory of changed) await syncDirectory(directory);
}

/** Whether it was made; it may be there already. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The directories that got a new entry when `first` and everything between it and `last` were created. */
function parentsDownFrom(first: string, last: string): readonly string[] {
  const parent = dirname(last);
  return last === first || parent === last ? [parent] : [...parentsDownFrom(first, parent), parent];
}
