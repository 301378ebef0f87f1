import type { Bytes } from '../../base/index.ts';
import type { TreeNode } from '../format/tree-node.ts';

/** A further name to be made of what is at `existing`. */
export interface PendingLink {
  readonly place: Bytes;
  readonly existing: Bytes;
}

/** Finds the nodes that are names of one and the same file: by inode and device, as they were when they were saved. */
export class HardLinks {
  /** In the order in which they came; to be made when all files are there. */
  readonly pending: PendingLink[] = [];
  readonly #first = new Map<string, { readonly place: Bytes; readonly node: TreeNode }>();

  /** Whether another name of the node's file came before; `place` is then noted as a link to that one. */
  isAnotherName(node: TreeNode, place: Bytes): boolean {
    if (node.links < 2 || node.inode === 0n) return false;
    const key = `${node.deviceId}:${node.inode}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, { place, node });
      return false;
    }
    // An inode used again while the snapshot was made; rather two files than the wrong content.
    if (!isSameFile(first.node, node)) return false;
    this.pending.push({ place, existing: first.place });
    return true;
  }
}

function isSameFile(a: TreeNode, b: TreeNode): boolean {
  return a.type === b.type && a.content?.join() === b.content?.join();
}
