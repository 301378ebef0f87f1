import type { BlobId } from './format/blob.ts';
import type { Tree } from './format/tree.ts';

const maxNodes = 50_000;

/** The trees read last, as many as hold 50,000 nodes together, some tens of megabytes. */
export class TreeCache {
  readonly #trees = new Map<BlobId, Tree>();
  #nodes = 0;

  /** The tree, which becomes the last one to go. */
  get(id: BlobId): Tree | undefined {
    const tree = this.#trees.get(id);
    if (!tree) return undefined;
    this.#trees.delete(id);
    this.#trees.set(id, tree);
    return tree;
  }

  /** Keeps a tree, and lets go of those that were not asked for longest. A tree too large for all of it is not kept. */
  put(id: BlobId, tree: Tree): void {
    if (this.#trees.has(id) || weight(tree) > maxNodes) return;
    this.#trees.set(id, tree);
    this.#nodes += weight(tree);
    for (const [oldest, old] of this.#trees) {
      if (this.#nodes <= maxNodes) return;
      this.#trees.delete(oldest);
      this.#nodes -= weight(old);
    }
  }
}

/** Empty directories count too. */
function weight(tree: Tree): number {
  return tree.nodes.length + 1;
}
