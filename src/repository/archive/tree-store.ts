import type { Bytes } from '../../base/index.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { compareNames, encodeTree } from '../format/tree.ts';
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
