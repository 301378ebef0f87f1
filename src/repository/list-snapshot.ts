import { type Bytes, concatBytes, HoldfastError } from '../base/index.ts';
import type { BlobId } from './format/blob.ts';
import type { TreeNode } from './format/tree-node.ts';
import { nothingAt, splitPath } from './node-at-path.ts';
import type { Repository } from './repository.ts';

/** A node of a snapshot and where it is. */
export interface ListedNode {
  /** The absolute path in raw bytes: `/a/b`. */
  readonly path: Bytes;
  readonly node: TreeNode;
}

export interface ListOptions {
  /** Only this file, or this folder with all that is in it; raw bytes, absolute. */
  readonly path?: Bytes;
  readonly signal?: AbortSignal;
  /** Told of what cannot be read or is not as it should be; without it that is an error and the end. */
  readonly onProblem?: (path: Bytes, error: HoldfastError) => void;
}

const slash = Uint8Array.of(0x2f);

/**
 * Every node of a snapshot, a directory before what is in it, names in byte order.
 * `path_not_found` when the snapshot has nothing at the path asked for.
 */
export async function* listSnapshot(
  repository: Repository,
  snapshot: { readonly tree: BlobId },
  options: ListOptions = {},
): AsyncGenerator<ListedNode, void, undefined> {
  const parts = splitPath(options.path ?? slash);
  let found = parts.length === 0;
  // A stack of our own, because directories can be nested deeper than calls.
  const stack: Iterator<ListedNode>[] = [
    await readDirectory(repository, new Uint8Array(), snapshot.tree, options),
  ];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.next();
    if (next.done) {
      stack.pop();
      continue;
    }
    const { path, node } = next.value;
    const depth = stack.length;
    if (!isWanted(node.name, parts[depth - 1])) continue;
    if (depth >= parts.length) {
      found = true;
      yield next.value;
    }
    if (node.subtree) stack.push(await readDirectory(repository, path, node.subtree, options));
  }
  if (!found) throw nothingAt(options.path ?? slash);
}

async function readDirectory(
  repository: Repository,
  path: Bytes,
  id: BlobId,
  options: ListOptions,
): Promise<Iterator<ListedNode>> {
  const { onProblem, signal } = options;
  const report = (error: HoldfastError): void => {
    if (!onProblem) throw error;
    onProblem(path.length === 0 ? slash : path, error);
  };
  try {
    const tree = await repository.readTree(id, signal ? { signal } : {});
    for (const problem of tree.problems)
      report(new HoldfastError('repository_damaged', `tree ${id}: ${problem}`));
    return Iterator.from(tree.nodes).map((node) => ({ path: concatBytes(path, slash, node.name), node }));
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'repository_damaged') throw error;
    report(error);
    return [].values();
  }
}

function isWanted(name: Bytes, part: Bytes | undefined): boolean {
  return part === undefined || Buffer.compare(name, part) === 0;
}
