import type { Bytes } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import { compareNames, type Tree } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** A directory of the parent snapshot, asked for names in ascending order. */
export class ParentDirectory {
  readonly #id: BlobId | undefined;
  readonly #tree: Tree;
  #next = 0;

  /** Without a tree: a directory that was not there. */
  constructor(id?: BlobId, tree: Tree = { nodes: [], problems: [] }) {
    this.#id = id;
    this.#tree = tree;
  }

  /** The node of that name; each name asked for must come after the one before. */
  find(name: Bytes): TreeNode | undefined {
    for (;;) {
      const node = this.#tree.nodes[this.#next];
      if (!node) return undefined;
      const order = compareNames(node.name, name);
      if (order > 0) return undefined;
      this.#next++;
      if (order === 0) return node;
    }
  }

  /** The id of its tree when `nodes` are its own nodes, all of them and the very objects; else undefined. */
  idIfSame(nodes: readonly TreeNode[]): BlobId | undefined {
    const own = this.#tree.nodes;
    const isSame = own.length === nodes.length && own.every((node, n) => node === nodes[n]);
    return isSame && this.#tree.problems.length === 0 ? this.#id : undefined;
  }
}
