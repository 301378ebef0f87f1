import type { Bytes } from '../../base/index.ts';
import { compareNames } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** A directory of the parent snapshot, asked for names in ascending order. */
export class ParentDirectory {
  readonly #nodes: readonly TreeNode[];
  #next = 0;

  /** Without nodes: a directory that was not there. */
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
