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
  readonly #unreadable = new Set<BlobId>();

  constructor(index: BlobIndex, pipeline: Pipeline) {
    this.#index = index;
    this.#pipeline = pipeline;
  }

  /** Has a tree that the index knows and that cannot be read stored again when it is as before. */
  distrust(id: BlobId): void {
    this.#unreadable.add(id);
  }

  /** The id of the tree with these nodes, which are in the order of their names. */
  store(nodes: readonly TreeNode[]): BlobId {
    const plaintext = encodeTree(nodes);
    const id = idOf(plaintext);
    if (!this.#stored.has(id) && !this.#isReadable(id)) {
      this.#stored.add(id);
      this.#pipeline.storeTree(id, plaintext);
    }
    return id;
  }

  #isReadable(id: BlobId): boolean {
    return this.#index.has('tree', id) && !this.#unreadable.has(id);
  }
}
