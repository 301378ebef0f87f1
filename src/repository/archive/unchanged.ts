import type { FileStat } from '../../files/index.ts';
import type { TreeNode } from '../format/tree-node.ts';

/**
 * Whether a file that a node of the parent snapshot describes has the same content now: type, size, both times and inode
 * (restic, "File Change Detection"). Then a file need not be read. Nothing but its content is taken from the parent, whose
 * program or user may have recorded less than is recorded now.
 */
export function hasSameContent(node: TreeNode, stat: FileStat): boolean {
  return (
    node.type === stat.kind &&
    node.mtimeNs === stat.mtimeNs &&
    node.ctimeNs === stat.ctimeNs &&
    node.inode === stat.inode &&
    node.size === stat.size
  );
}
