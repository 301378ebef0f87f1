import { asBuffer, type Bytes, HoldfastError } from '../base/index.ts';
import type { BlobId } from './format/blob.ts';
import type { Tree } from './format/tree.ts';
import type { TreeNode } from './format/tree-node.ts';

/** Reads a directory, as `Repository.readTree`. */
export type TreeReader = (id: BlobId) => Promise<Tree>;

/**
 * The node at an absolute raw path below a tree, links not followed; undefined for `/`, which has none. Only the directories on
 * the way are read. `path_not_found` when nothing is there.
 */
export async function nodeAtPath(
  readTree: TreeReader,
  root: BlobId,
  path: Bytes,
): Promise<TreeNode | undefined> {
  let tree: BlobId | undefined = root;
  let node: TreeNode | undefined;
  for (const name of splitPath(path)) {
    if (tree === undefined) throw nothingAt(path);
    const { nodes }: Tree = await readTree(tree);
    node = nodes.find((each) => Buffer.compare(each.name, name) === 0);
    if (node === undefined) throw nothingAt(path);
    tree = node.subtree;
  }
  return node;
}

/** The tree of the directory at a path, as {@link nodeAtPath}. `path_not_found` also when it is none. */
export async function treeAtPath(readTree: TreeReader, root: BlobId, path: Bytes): Promise<BlobId> {
  const node = await nodeAtPath(readTree, root, path);
  if (node === undefined) return root;
  if (node.subtree !== undefined) return node.subtree;
  throw new HoldfastError(
    'path_not_found',
    `${shown(path)} is no folder of the snapshot, but a ${node.type}`,
    {
      hint: 'name a folder behind the colon; holdfast ls -l SNAPSHOT shows what is one',
    },
  );
}

/** The names in a raw path, one after the other. */
export function splitPath(path: Bytes): readonly Buffer[] {
  const parts = asBuffer(path).toString('latin1').split('/');
  return parts.filter((part) => part !== '' && part !== '.').map((part) => Buffer.from(part, 'latin1'));
}

/** That a snapshot does not have what was asked for. */
export function nothingAt(path: Bytes): HoldfastError {
  return new HoldfastError('path_not_found', `the snapshot has nothing at ${shown(path)}`, {
    hint: 'holdfast ls SNAPSHOT shows what it has',
  });
}

function shown(path: Bytes): string {
  return JSON.stringify(asBuffer(path).toString('utf8'));
}
