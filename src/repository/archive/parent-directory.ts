import type { Bytes } from '../../base/index.ts';
import type { FileStat } from '../../files/index.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { compareNames } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** A directory of the parent snapshot, asked for names in ascending order. */
export class ParentDirectory {
  readonly #nodes: readonly TreeNode[];
  #next = 0;

  constructor(nodes: readonly TreeNode[] = []) {
    this.#nodes = nodes;
  }

  /** The node of that name; each name asked for must come after the one before. */
  find(name: Bytes): TreeNode | undefined {
    for (;;) {
      const node = this.#nodes[this.#next];
      if (!node) return undefined;
      const order = compareNames(node.name, name);
      if (order > 0) return undefined;
      this.#next++;
      if (order === 0) return node;
    }
  }
}

/**
 * Whether a file is as it was: size, both times and inode are the same, and its content is still there. Then it need
 * not be read (restic, "File change detection").
 */
export function isUnchanged(node: TreeNode, stat: FileStat, index: BlobIndex): boolean {
  const { content } = node;
  const isSame =
    node.type === 'file' &&
    node.size === stat.size &&
    node.mtimeNs === stat.mtimeNs &&
    node.ctimeNs === stat.ctimeNs &&
    node.inode === stat.inode;
  return isSame && content !== undefined && content.every((id) => index.has('data', id));
}
