import { asBuffer, isHoldfastError } from '../../base/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import type { Tree } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import type { CheckReport, LostBlobs } from './check-report.ts';

const concurrentReads = 8;

interface Directory {
  /** Absolute, for messages; bytes that are not UTF-8 show as U+FFFD. */
  readonly path: string;
  readonly tree: BlobId;
  readonly snapshot: StoredSnapshot;
}

/** Reads every directory of the snapshots once, and names every file and folder that cannot be had back. */
export class TreeCheck {
  readonly #repository: Repository;
  readonly #index: BlobIndex;
  readonly #lost: LostBlobs;
  readonly #report: CheckReport;
  /** One byte for each slot of the index: this directory was read. */
  readonly #seen: Uint8Array;
  #trees = 0;
  #files = 0;

  constructor(repository: Repository, index: BlobIndex, lost: LostBlobs, report: CheckReport) {
    this.#repository = repository;
    this.#index = index;
    this.#lost = lost;
    this.#report = report;
    this.#seen = new Uint8Array(index.size);
  }

  /** How many directories were read. */
  get trees(): number {
    return this.#trees;
  }

  /** How many files they hold; one that several snapshots share by way of its directory counts once. */
  get files(): number {
    return this.#files;
  }

  /** Checks one snapshot; what an earlier one had in common with it is not read again. */
  async check(snapshot: StoredSnapshot, options: { signal?: AbortSignal } = {}): Promise<void> {
    const waiting: Directory[] = [{ path: '/', tree: snapshot.tree, snapshot }];
    while (waiting.length > 0) {
      const batch = waiting.splice(-concurrentReads);
      const found = await Promise.all(batch.map(async (directory) => this.#visit(directory, options)));
      // One at a time: a directory can have more entries than a call can have arguments.
      for (const directories of found) for (const directory of directories) waiting.push(directory);
    }
  }

  async #visit(directory: Directory, options: { signal?: AbortSignal }): Promise<readonly Directory[]> {
    const slot = this.#index.findHex('tree', directory.tree);
    if (slot !== -1 && this.#seen[slot] === 1) return [];
    if (slot !== -1) this.#seen[slot] = 1;
    const tree = await this.#read(directory, options);
    if (!tree) return [];
    this.#trees++;
    for (const problem of tree.problems) this.#complain(directory, problem);
    const subdirectories: Directory[] = [];
    for (const node of tree.nodes) {
      if (node.content) this.#checkFile(directory, node, node.content);
      if (node.subtree)
        subdirectories.push({ ...directory, path: childPath(directory, node), tree: node.subtree });
    }
    return subdirectories;
  }

  async #read(directory: Directory, options: { signal?: AbortSignal }): Promise<Tree | undefined> {
    try {
      return await this.#repository.readTree(directory.tree, options);
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      this.#complain(directory, error.message);
      return undefined;
    }
  }

  #checkFile(directory: Directory, node: TreeNode, content: readonly BlobId[]): void {
    this.#files++;
    const missing = content.filter((id) => this.#lost.isLost('data', id));
    if (missing.length === 0) return;
    const path = childPath(directory, node);
    const parts = `${missing.length} of ${content.length} parts are lost, the first is blob ${missing[0]}`;
    this.#report.error(
      'file',
      path,
      `file ${path} in snapshot ${directory.snapshot.id.slice(0, 8)}: ${parts}`,
    );
  }

  #complain(directory: Directory, problem: string): void {
    const where = `folder ${directory.path} in snapshot ${directory.snapshot.id.slice(0, 8)}`;
    this.#report.error('tree', directory.tree, `${where}: ${problem}`);
  }
}

function childPath(directory: Directory, node: TreeNode): string {
  const separator = directory.path.endsWith('/') ? '' : '/';
  return directory.path + separator + asBuffer(node.name).toString('utf8');
}
