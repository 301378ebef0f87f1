import type { ObjectRef, ObjectType } from '../storage/index.ts';

/** By which names a repository's objects are stored where there are names with slashes, as restic has them. */
export class ResticLayout {
  /** What every name begins with; empty, or with a slash at its end. */
  readonly root: string;

  constructor(root: string) {
    this.root = root === '' || root.endsWith('/') ? root : `${root}/`;
  }

  name(ref: ObjectRef): string {
    return ref.type === 'config' ? `${this.root}config` : this.folder(ref) + ref.name;
  }

  /** What the names of all objects of `type` begin with. */
  directory(type: ObjectType): string {
    return `${this.root}${type}/`;
  }

  /** The folder in which an object is, with a slash at its end. */
  folder(ref: ObjectRef): string {
    if (ref.type === 'config') return this.root;
    return this.directory(ref.type) + (ref.type === 'data' ? `${ref.name.slice(0, 2)}/` : '');
  }

  /** The folders in which packs are. */
  dataFolders(): readonly string[] {
    const directory = this.directory('data');
    return Array.from({ length: 256 }, (_, i) => `${directory}${i.toString(16).padStart(2, '0')}/`);
  }
}
