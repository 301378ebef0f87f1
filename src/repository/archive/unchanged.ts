import { type FileStat, groupName, userName } from '../../files/index.ts';
import { type NodeType, toGoMode } from '../format/file-mode.ts';
import type { TreeNode } from '../format/tree-node.ts';
import { hasLinks } from './node-of-stat.ts';

/**
 * Whether what a node of the parent snapshot describes has the same content now: type, size, both times and inode
 * (restic, "File Change Detection"). Then a file need not be read.
 */
export function hasSameContent(node: TreeNode, type: NodeType, stat: FileStat): boolean {
  return (
    node.type === type &&
    node.mtimeNs === stat.mtimeNs &&
    node.ctimeNs === stat.ctimeNs &&
    node.inode === stat.inode &&
    (type !== 'file' || node.size === stat.size)
  );
}

/**
 * Whether, beyond that, the node can be used as it is. Extended attributes and the target of a link need no look:
 * nothing changes them without changing the ctime.
 */
export function hasSameMetadata(node: TreeNode, type: NodeType, stat: FileStat): boolean {
  return (
    node.deviceId === stat.device &&
    node.mode === toGoMode(type, stat.mode) &&
    node.uid === stat.uid &&
    node.gid === stat.gid &&
    node.user === userName(stat.uid) &&
    node.group === groupName(stat.gid) &&
    (!hasLinks(type) || node.links === stat.links)
  );
}
