import type { Bytes } from '../../base/index.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import { encodeTree } from '../format/tree.ts';
import { type WrittenNode, withSubtree, writtenNodes } from '../format/tree-text.ts';
import { splitPath } from '../node-at-path.ts';
import type { Repository } from '../repository.ts';

/** What a snapshot of one path alone is made of. */
export interface CutSubtree {
  /** Its root. */
  readonly tree: BlobId;
  /** The directories on the way to the path, which have nothing but the next one. */
  readonly made: readonly { readonly id: BlobId; readonly plaintext: Bytes }[];
  /** What is at the path: a directory, or the pieces of a file. */
  readonly trees: readonly BlobId[];
  readonly contents: readonly BlobId[];
}

/**
 * Cuts a tree down to what is at an absolute raw path: that has the place that it had, and nothing beside it is named any more.
 * Undefined where nothing is there.
 */
export async function cutSubtree(
  repository: Repository,
  root: BlobId,
  { path, signal }: { readonly path: Bytes; readonly signal: AbortSignal },
): Promise<CutSubtree | undefined> {
  const way: WrittenNode[] = [];
  let tree: BlobId | undefined = root;
  for (const name of splitPath(path)) {
    if (tree === undefined) return undefined;
    const found = nodeCalled(name, await repository.readBlob('tree', tree, { signal }), tree);
    if (found === undefined) return undefined;
    way.push(found);
    tree = found.node.subtree;
  }
  const last = way.at(-1);
  if (last === undefined) return { tree: root, made: [], trees: [root], contents: [] };
  const { subtree, content = [] } = last.node;
  return { ...wayTo(way), trees: subtree === undefined ? [] : [subtree], contents: content };
}

function nodeCalled(name: Bytes, plaintext: Bytes, tree: BlobId): WrittenNode | undefined {
  for (const written of writtenNodes(plaintext, tree))
    if (Buffer.compare(written.node.name, name) === 0) return written;
  return undefined;
}

/** The directories that lead to the last of `way`, made from there upwards. */
function wayTo(way: readonly WrittenNode[]): Pick<CutSubtree, 'tree' | 'made'> {
  const made: { id: BlobId; plaintext: Bytes }[] = [];
  let below: BlobId | undefined;
  for (const written of way.toReversed()) {
    const plaintext = encodeTree([below === undefined ? written.text : withSubtree(written, below)]);
    below = idOf(plaintext);
    made.push({ id: below, plaintext });
  }
  return { tree: below as BlobId, made };
}
