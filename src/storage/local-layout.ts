import { join, resolve } from 'node:path';
import { type ObjectRef, type ObjectType, objectTypes } from './object-store.ts';

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
