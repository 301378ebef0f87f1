import { type BlobId, idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { encodeTree } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Pipeline } from './pipeline.ts';

/** Stores directories that are not in the repository yet, each once. */
export class TreeStore {
  readonly #index: BlobIndex;
  readonly #pipeline: Pipeline;
  readonly #stored = new Set<BlobId>();

  constructor(index: BlobIndex, pipeline: Pipeline) {
    this.#index = index;
    this.#pipeline = pipeline;
  }

  /** The id of the tree with these nodes, which are in the order of their names. */
  store(nodes: readonly TreeNode[]): BlobId {
    const plaintext = encodeTree(nodes);
    const id = idOf(plaintext);
    if (!this.#stored.has(id) && !this.#index.has('tree', id)) {
      this.#stored.add(id);
      this.#pipeline.storeTree(id, plaintext);
    }
    return id;
  }
}
