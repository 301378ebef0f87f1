import type { TreeNode } from '../format/tree-node.ts';

/**
 * A directory that is being saved. Its nodes come in the order of their names but are known in any order; when the
 * walk has left it and all are known, `onComplete` is called once.
 */
export class OpenDirectory {
  readonly #nodes: (TreeNode | undefined)[] = [];
  readonly #onComplete: (nodes: readonly TreeNode[]) => void;
  #unknown = 0;
  #isLeft = false;

  constructor(onComplete: (nodes: readonly TreeNode[]) => void) {
    this.#onComplete = onComplete;
  }

  /** Adds the next node. */
  add(node: TreeNode): void {
    this.#nodes.push(node);
  }

  /** Keeps a place for the next node. What is returned must be called once, with nothing when there is no node after all. */
  reserve(): (node?: TreeNode) => void {
    const place = this.#nodes.push(undefined) - 1;
    this.#unknown++;
    return (node) => {
      this.#nodes[place] = node;
      this.#unknown--;
      this.#completeIfKnown();
    };
  }

  /** Nothing more will be added. */
  leave(): void {
    this.#isLeft = true;
    this.#completeIfKnown();
  }

  #completeIfKnown(): void {
    if (!this.#isLeft || this.#unknown > 0) return;
    this.#onComplete(this.#nodes.filter((node) => node !== undefined));
  }
}
