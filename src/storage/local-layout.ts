import { lstat, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemErrorCode } from '../base/index.ts';
import {
  isObjectId,
  type ListOptions,
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

  constructor(directory: string) {
    this.directory = resolve(directory);
    this.temporary = join(this.directory, '.uploads');
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
