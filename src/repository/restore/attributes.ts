import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { type FileOrPath, setMode, setOwner, setTimes, setXattrs, type Xattr } from '../../files/index.ts';
import { type NodeType, permissionsOf, type TreeNode } from '../format/tree-node.ts';
import { systemProblem } from './write-file.ts';

/** What a node says of a file beside its content; plain values that cross to a worker. */
export interface FileAttributes {
  readonly type: NodeType;
  /** POSIX permissions, 0 to 07777. */
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly xattrs: readonly Xattr[];
}

const noXattrs: readonly Xattr[] = [];
const setIdBits = 0o6000;

/** The attributes of a node. */
export function attributesOf(node: TreeNode): FileAttributes {
  const { type, uid, gid, atimeNs, mtimeNs, xattrs = noXattrs } = node;
  return { type, permissions: permissionsOf(node.mode), uid, gid, atimeNs, mtimeNs, xattrs };
}

/**
 * Gives what lies at `path` its attributes, and says which could not be given. The order matters: a change of owner clears
 * setuid and capabilities, a file may have to be writable for its xattrs, and everything touches the times.
 *
 * Whoever is not root can give nothing away: the owner and the system's own xattrs are then tried and silently left,
 * as `cp -p` does, and setuid and setgid are not set for another owner than was meant.
 *
 * @param handle of the file, when it is open: that saves looking it up each time
 */
export function applyAttributes(path: Bytes, attributes: FileAttributes, handle?: number): string[] {
  const target = handle ?? path;
  const { type, permissions, atimeNs, mtimeNs } = attributes;
  const problems: string[] = [];
  const attempt = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      problems.push(`${what}: ${systemProblem(error).message}`);
    }
  };
  let owned = false;
  attempt('owner', () => {
    owned = giveOwner(target, attributes);
  });
  // A directory can have been there before, with others.
  if (attributes.xattrs.length > 0 || type === 'dir') {
    attempt('extended attributes', () => problems.push(...giveXattrs(path, attributes.xattrs)));
  }
  if (type !== 'symlink') {
    attempt('mode', () => setMode(target, owned ? permissions : permissions & ~setIdBits));
  }
  attempt('times', () => setTimes(target, atimeNs, mtimeNs));
  return problems;
}

/** Whether the owner is now the one that was meant. */
function giveOwner(target: FileOrPath, { uid, gid }: FileAttributes): boolean {
  try {
    setOwner(target, uid, gid);
    return true;
  } catch (error) {
    if (isRoot() || systemErrorCode(error) !== 'EPERM') throw error;
    return false;
  }
}

function giveXattrs(path: Bytes, xattrs: readonly Xattr[]): string[] {
  return setXattrs(path, xattrs)
    .filter(({ name, error }) => isRoot() || name.startsWith('user.') || systemErrorCode(error) !== 'EPERM')
    .map(({ name, error }) => `extended attribute ${name}: ${systemProblem(error).message}`);
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
