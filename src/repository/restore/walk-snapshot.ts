import { setImmediate as nextTurn } from 'node:timers/promises';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { joinPath, PatternList, pathText } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import { parseTree, type Tree } from '../format/tree.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';

/** A directory of a snapshot. */
export interface SnapshotDirectory {
  /** Absolute, as it was saved. */
  readonly path: Bytes;
  /** How many components its path has. */
  readonly depth: number;
  /** Its own node; undefined for `/`. */
  readonly node: TreeNode | undefined;
  /** Whether it is itself meant, and not only the way to something that is. */
  readonly isSelected: boolean;
  /** What is meant of its content, directories left out: they come by themselves. */
  readonly nodes: readonly TreeNode[];
  /** All that is in it, whether it is meant or not. */
  readonly all: readonly TreeNode[];
  /** Whether `all` is what was saved: of a directory that cannot be read, or not in part, it is not. */
  readonly isWhole: boolean;
}

/** What of a snapshot is meant. */
export interface SnapshotSelection {
  /** Patterns as restic's `--include`; everything when there are none. */
  readonly include?: readonly string[];
  /** Patterns as restic's `--exclude`: what they mean is left out, and all below it. */
  readonly exclude?: readonly string[];
  /** Leave out what the tree of an earlier snapshot has just so: directories with the same tree, files with the same content. */
  readonly since?: BlobId;
  readonly signal?: AbortSignal;
  /** Told of each directory that cannot be read or has nodes that cannot be used; the rest comes. */
  readonly onProblem: (path: Bytes, message: string) => void;
  /** Told of each pattern that nothing is called by, where there is something by others. */
  readonly onUnmet?: (pattern: string) => void;
}

interface Pending {
  readonly path: Bytes;
  readonly depth: number;
  /** Its path's components; left empty when nobody asks for names. */
  readonly components: readonly string[];
  readonly node: TreeNode | undefined;
  readonly tree: BlobId;
  readonly isSelected: boolean;
  readonly since: BlobId | undefined;
}

/** The directories of a snapshot, each before those in it; nothing deeper is read than is asked for. */
export async function* walkSnapshot(
  repository: Repository,
  tree: BlobId,
  selection: SnapshotSelection,
): AsyncGenerator<SnapshotDirectory, void, undefined> {
  const walker = new SnapshotWalker(repository, selection);
  const pending = [walker.top(tree)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    // Most trees are read from memory, which gives nobody else a turn.
    await nextTurn();
    selection.signal?.throwIfAborted();
    const { directory, below } = await walker.open(next);
    yield directory;
    pending.push(...below.reverse());
  }
  walker.checkMet();
}

class SnapshotWalker {
  readonly #repository: Repository;
  readonly #selection: SnapshotSelection;
  readonly #include: PatternList;
  readonly #exclude: PatternList;

  constructor(repository: Repository, selection: SnapshotSelection) {
    this.#repository = repository;
    this.#selection = selection;
    this.#include = new PatternList(selection.include ?? [], { names: true });
    this.#exclude = new PatternList(selection.exclude ?? [], { names: true });
  }

  top(tree: BlobId): Pending {
    const { since } = this.#selection;
    const isSelected = this.#include.isEmpty;
    return { path: Buffer.from('/'), depth: 0, components: [], node: undefined, tree, isSelected, since };
  }

  /** Reads a directory: what is meant of it, and the directories in it that are or may lead to what is. */
  async open(pending: Pending): Promise<{ directory: SnapshotDirectory; below: Pending[] }> {
    const { path, depth, node, isSelected } = pending;
    const before = await this.#readBefore(pending.since);
    const nodes: TreeNode[] = [];
    const below: Pending[] = [];
    const { nodes: all, isWhole } = await this.#readNodes(path, pending.tree);
    for (const node of all) {
      const components = this.#looksAtNames ? [...pending.components, pathText(node.name)] : [];
      if (this.#exclude.match(components).matched) continue;
      const { matched, childMayMatch } = this.#include.isEmpty ? everything : this.#include.match(components);
      const old = before?.get(nameKey(node));
      if (node.subtree === undefined) {
        if (matched && !hasSameContent(node, old)) nodes.push(node);
      } else if ((matched || childMayMatch) && node.subtree !== old?.subtree) {
        const inside = joinPath(path, node.name);
        const tree = node.subtree;
        const depth = pending.depth + 1;
        below.push({ path: inside, depth, components, node, tree, isSelected: matched, since: old?.subtree });
      }
    }
    return { directory: { path, depth, node, isSelected, nodes, all, isWhole }, below };
  }

  get #looksAtNames(): boolean {
    return !this.#include.isEmpty || !this.#exclude.isEmpty;
  }

  /** What was asked for and is not there. @throws HoldfastError `path_not_found` when that is all of it */
  checkMet(): void {
    const { include = [], onUnmet } = this.#selection;
    const { unmet } = this.#include;
    if (unmet.length === 0) return;
    if (unmet.length === include.length) {
      throw new HoldfastError('path_not_found', `nothing in the snapshot is called ${unmet.join(' or ')}`, {
        hint: 'holdfast ls SNAPSHOT shows what there is; a name counts at any depth, a path from / on, with * and ? as in a shell',
      });
    }
    for (const pattern of unmet) onUnmet?.(pattern);
  }

  async #readNodes(
    path: Bytes,
    tree: BlobId,
  ): Promise<{ readonly nodes: readonly TreeNode[]; readonly isWhole: boolean }> {
    try {
      const { nodes, problems } = await this.#readTree(tree);
      for (const problem of problems) this.#selection.onProblem(path, problem);
      return { nodes, isWhole: problems.length === 0 };
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      this.#selection.onProblem(path, error.message);
      return { nodes: [], isWhole: false };
    }
  }

  /** The same directory in the earlier snapshot by name; whatever cannot be read there leaves nothing out. */
  async #readBefore(tree: BlobId | undefined): Promise<ReadonlyMap<string, TreeNode> | undefined> {
    if (tree === undefined) return undefined;
    try {
      const { nodes } = await this.#readTree(tree);
      return new Map(nodes.map((node) => [nameKey(node), node]));
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      return undefined;
    }
  }

  /** Not from the repository's cache: each tree comes once, and would only push others out. */
  async #readTree(tree: BlobId): Promise<Tree> {
    const { signal } = this.#selection;
    return parseTree(await this.#repository.readBlob('tree', tree, { signal }), tree);
  }
}

const everything = { matched: true, childMayMatch: true };

function nameKey({ name }: TreeNode): string {
  return asBuffer(name).toString('latin1');
}

function hasSameContent(node: TreeNode, old: TreeNode | undefined): boolean {
  const [now, then] = [node.content, old?.content];
  return now !== undefined && then?.length === now.length && now.every((id, at) => id === then[at]);
}
