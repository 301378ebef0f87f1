import { closeSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import {
  asBuffer,
  type Bytes,
  HoldfastError,
  isAbandoned,
  makePrivateDirectory,
  ownUser,
  systemErrorCode,
  temporaryName,
} from '../../base/index.ts';
import {
  joinPath,
  lstat,
  makeHardLink,
  makeNode,
  makeSymlink,
  pathText,
  readDirectory,
  removeXattr,
  setMode,
} from '../../files/index.ts';
import type { TreeNode } from '../format/tree-node.ts';
import { lookAt, type OverwriteMode } from './overwrite.ts';
import { inTheWay, makeFile, makingRoom, systemProblem } from './write-file.ts';

/** Temporary names are short, so that they fit wherever the name they stand for does. */
const temporaryPrefix = '.holdfast-';
/** The access control list that a directory gives to what is made in it. */
const inheritedRights = 'system.posix_acl_default';
const slash = 0x2f;

/**
 * The directory that a snapshot is restored into. Nothing in it that is not its own is ever written through: a directory is
 * entered only when it is one and no symlink, files are made anew, and with `replace` what is in their way is removed;
 * except directories, which are never removed.
 *
 * All but {@link RestoreTarget.create} is synchronous and throws the system's errors.
 */
export class RestoreTarget {
  /** Whether everything goes to where it was saved from. */
  readonly isInPlace: boolean;
  /** Whether what is in the way may be replaced. */
  readonly mayReplace: boolean;
  readonly #root: Buffer;

  private constructor(directory: string, mayReplace: boolean) {
    this.isInPlace = isRoot(directory);
    this.mayReplace = mayReplace;
    this.#root = Buffer.from(directory);
  }

  /**
   * Changes nothing. `target_not_empty` when something is there and may not be overwritten; at `/`, where something always
   * is, it is asked of each file.
   */
  static open(directory: string, overwrite?: OverwriteMode): RestoreTarget {
    if (overwrite === undefined && directory !== '/') refuseUnlessEmpty(directory);
    return new RestoreTarget(directory, overwrite !== undefined && overwrite !== 'never');
  }

  /** Makes the directory, and those that lead to it, if they are not there; `storage_failed` where that cannot be. */
  async create(): Promise<void> {
    const directory = this.#root.toString();
    try {
      await makePrivateDirectory(directory);
    } catch (cause) {
      const message = `${directory} cannot be made: ${systemProblem(cause).message}`;
      throw new HoldfastError('storage_failed', message, { hint: 'choose another --target', cause });
    }
  }

  /** Where something of the snapshot goes: the target, then its full path there. */
  place(path: Bytes): Bytes {
    return path.length === 1 ? this.#root : joinPath(this.#root, path.subarray(1));
  }

  /** The path in the snapshot of what goes to `place`, as text. */
  originOf(place: Bytes): string {
    return pathText(place.subarray(this.#root.at(-1) === slash ? this.#root.length - 1 : this.#root.length));
  }

  /** Makes a directory in one that is there already; one that is there is used. Says which it was. */
  makeDirectory(place: Bytes): 'made' | 'found' {
    const make = (): void => mkdirSync(asBuffer(place), { mode: 0o700 });
    try {
      make();
      return 'made';
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    if (lstat(place).kind === 'dir') return 'found';
    makingRoom(place, this.mayReplace, make);
    return 'made';
  }

  /** Removes what a restore that was killed left in a directory that was there before; what cannot be removed stays. */
  sweepDirectory(place: Bytes): void {
    try {
      for (const name of readDirectory(place)) this.#removeIfLeft(place, asBuffer(name).toString('latin1'));
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
    }
  }

  /**
   * Readies a directory for what goes into it: its owner may write, and nothing inherits access rights from it. Both are as
   * they should be when it gets its attributes.
   */
  openDirectory(place: Bytes): void {
    const { mode } = lstat(place);
    if ((mode & 0o700) !== 0o700) setMode(place, mode | 0o700);
    removeXattr(place, inheritedRights);
  }

  /** Makes anything but a file and a directory. */
  makeSpecial(place: Bytes, node: TreeNode): void {
    const { type, linkTarget = Buffer.alloc(0), device } = node;
    if (type === 'file' || type === 'dir') throw new TypeError(`not special: ${type}`);
    makingRoom(place, this.mayReplace, () => {
      if (type === 'symlink') makeSymlink(place, linkTarget);
      else makeNode(place, type, device);
    });
  }

  makeEmptyFile(place: Bytes): void {
    closeSync(makeFile(place, 0, { replace: this.mayReplace }));
  }

  makeHardLink(place: Bytes, existing: Bytes): void {
    makingRoom(place, this.mayReplace, () => makeHardLink(place, existing));
  }

  /** Makes a file of `size` in the directory of `place`, under a name of its own until it is whole. */
  beginFile(place: Bytes, size: number): Bytes {
    const name = Buffer.from(temporaryPrefix + temporaryName());
    const temporary = joinPath(place.subarray(0, asBuffer(place).lastIndexOf(slash)), name);
    closeSync(makeFile(temporary, size, { replace: false }));
    return temporary;
  }

  /** Gives a file that is whole its name. */
  finishFile(place: Bytes, temporary: Bytes): void {
    if (!this.mayReplace && lookAt(place) !== undefined) {
      throw inTheWay();
    }
    renameSync(asBuffer(temporary), asBuffer(place));
  }

  /** Removes what {@link beginFile} made, if the system lets it; its name says what it is. */
  abandonFile(temporary: Bytes): void {
    try {
      rmSync(asBuffer(temporary), { force: true });
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
    }
  }

  #removeIfLeft(directory: Bytes, name: string): void {
    if (!name.startsWith(temporaryPrefix)) return;
    const path = joinPath(directory, Buffer.from(name, 'latin1'));
    const { kind, uid, mtimeNs } = lstat(path);
    const isOwn = kind === 'file' && uid === ownUser();
    if (isOwn && isAbandoned(name, Number(mtimeNs / 1_000_000n))) this.abandonFile(path);
  }
}

/** By whatever name. */
function isRoot(directory: string): boolean {
  if (directory === '/') return true;
  const there = lookAt(Buffer.from(`${directory}/.`));
  const root = lstat(Buffer.from('/'));
  return there?.device === root.device && there.inode === root.inode;
}

function refuseUnlessEmpty(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) return;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    const why = code === 'ENOTDIR' ? 'is not a directory' : `cannot be looked into (${code})`;
    throw new HoldfastError(
      code === 'ENOTDIR' ? 'target_not_empty' : 'path_not_found',
      `${directory} ${why}`,
      {
        hint: 'name a folder that this user may write to, or one that is to be made',
        cause: error,
      },
    );
  }
  throw new HoldfastError('target_not_empty', `${directory} is not empty`, {
    hint: 'choose another directory, or add --overwrite to replace what is in the way',
  });
}

/** A further name to be made of what is at `existing`. */
interface PendingLink {
  readonly place: Bytes;
  readonly existing: Bytes;
}

/** Finds the nodes that are names of one and the same file: by inode and device, as they were when they were saved. */
export class HardLinks {
  /** In the order in which they came; to be made when all files are there. */
  readonly pending: PendingLink[] = [];
  readonly #first = new Map<string, { readonly place: Bytes; readonly node: TreeNode }>();

  /** Whether another name of the node's file came before; `place` is then noted as a link to that one. */
  isAnotherName(node: TreeNode, place: Bytes): boolean {
    if (node.links < 2 || node.inode === 0n) return false;
    const key = `${node.deviceId}:${node.inode}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, { place, node });
      return false;
    }
    // An inode used again while the snapshot was made; rather two files than the wrong content.
    if (!isSameFile(first.node, node)) return false;
    this.pending.push({ place, existing: first.place });
    return true;
  }
}

function isSameFile(a: TreeNode, b: TreeNode): boolean {
  return a.type === b.type && a.content?.join() === b.content?.join();
}
