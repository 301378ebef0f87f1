import { asBuffer, type Bytes, concatBytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { TreeNode } from '../format/tree-node.ts';
import { listSnapshot } from '../list-snapshot.ts';
import type { Repository } from '../repository.ts';
import { HardLinks } from '../restore/restore-target.ts';
import type { EntriesOptions } from '../tree-entries.ts';
import { contentSize, readContentInOrder } from './read-content.ts';

/** Something of a folder that goes into an archive. */
export interface FolderEntry {
  /** Raw, relative; a directory's ends with `/`. */
  readonly path: Bytes;
  readonly node: TreeNode;
  /** Bytes of its content. */
  readonly size: number;
  readonly content: AsyncIterable<Bytes>;
  /** Of a further name of a file: the path of the first one. */
  readonly linkedTo?: Bytes;
}

/** How a folder is archived. */
export interface ArchivingOptions extends EntriesOptions {
  /** Told of what an archive of this kind cannot have. */
  readonly onSkipped: (path: string, type: TreeNode['type']) => void;
}

const slash = Buffer.from('/');

/**
 * What is below a folder of a snapshot, a directory before what is in it. Of what cannot be read that is told, and the rest comes;
 * a file has begun to be read before it is given, so that only one of several blobs can break off in the middle.
 */
export async function* folderEntries(
  repository: Repository,
  tree: BlobId,
  folder: Bytes,
  { signal, onProblem }: EntriesOptions,
): AsyncGenerator<FolderEntry, void, undefined> {
  const index = await repository.loadIndex({ signal });
  const links = new HardLinks();
  const tell = (path: Bytes, error: HoldfastError): void => onProblem(pathText(path), error);
  const depth = depthOf(folder);
  for await (const { path, node } of listSnapshot(
    repository,
    { tree },
    { path: folder, signal, onProblem: tell },
  )) {
    if (depthOf(path) <= depth) continue;
    const relative = node.type === 'dir' ? concatBytes(path.subarray(1), slash) : path.subarray(1);
    if (node.type !== 'dir' && links.isAnotherName(node, relative)) {
      const linkedTo = links.pending.at(-1)?.existing ?? relative;
      yield { path: relative, node, size: 0, content: nothing(), linkedTo };
      continue;
    }
    const opened = await openContent(repository, index, node, signal).catch((error: unknown) => {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      tell(path, error);
      return undefined;
    });
    if (opened !== undefined) yield { path: relative, node, ...opened };
  }
}

function depthOf(path: Bytes): number {
  return asBuffer(path)
    .toString('latin1')
    .split('/')
    .filter((name) => name !== '' && name !== '.').length;
}

async function openContent(
  repository: Repository,
  index: BlobIndex,
  { content = [] }: TreeNode,
  signal: AbortSignal,
): Promise<Pick<FolderEntry, 'size' | 'content'>> {
  const size = contentSize(index, content);
  const reading = readContentInOrder(repository, content, signal);
  const first = await reading.next();
  return { size, content: first.done === true ? nothing() : continued(first.value, reading) };
}

async function* nothing(): AsyncGenerator<Bytes, void, undefined> {}

async function* continued(first: Bytes, rest: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  yield first;
  yield* rest;
}
