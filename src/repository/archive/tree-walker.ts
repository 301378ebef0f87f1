import { setImmediate } from 'node:timers/promises';
import { type Bytes, isHoldfastError, isSystemError } from '../../base/index.ts';
import {
  type FileStat,
  IgnoreRules,
  pathText,
  readXattrs,
  type WalkEvent,
  type WalkPlace,
  walk,
  type Xattr,
} from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { encodeNode, encodeNodeHead, type TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import { type ArchiveCounts, type ArchiveOptions, BarePaths, type Changes } from './archive-options.ts';
import { hasSameContent, nodeOfStat } from './node-of-stat.ts';
import type { Pipeline } from './pipeline.ts';
import { OpenDirectory, ParentDirectory, TreeStore } from './tree-store.ts';
import type { FileOutcome } from './worker-team.ts';

/** After so many names the other tasks of the main thread get a turn. */
const namesPerTurn = 64;

/** A directory on the way from the root to where the walk is. */
interface Level {
  readonly directory: OpenDirectory;
  readonly before: ParentDirectory;
}

type Seen = WalkPlace & { readonly stat: FileStat };

/** Walks the file system, hands new content to the pipeline, and builds the trees from the leaves to the root. */
export class TreeWalker {
  readonly counts: ArchiveCounts;
  readonly #repository: Repository;
  readonly #index: BlobIndex;
  readonly #pipeline: Pipeline;
  readonly #changes: Changes;
  readonly #options: ArchiveOptions;
  readonly #trees: TreeStore;
  readonly #bare: BarePaths;
  readonly #levels: Level[] = [];
  #root: BlobId | undefined;

  constructor(parts: {
    readonly repository: Repository;
    readonly index: BlobIndex;
    readonly pipeline: Pipeline;
    readonly changes: Changes;
    readonly counts: ArchiveCounts;
    readonly options: ArchiveOptions;
  }) {
    this.#repository = parts.repository;
    this.#index = parts.index;
    this.#pipeline = parts.pipeline;
    this.#changes = parts.changes;
    this.counts = parts.counts;
    this.#options = parts.options;
    this.#trees = new TreeStore(parts.index, parts.pipeline);
    this.#bare = new BarePaths(parts.counts, parts.options.onBare);
  }

  /** Saves everything below the paths; the id of the root tree. */
  async save(parent: BlobId | undefined, signal: AbortSignal): Promise<BlobId> {
    const { paths, excludes, excludeCaches, forbidden } = this.#options;
    const rules = new IgnoreRules({
      exclude: excludes,
      excludeCaches,
      forbidden,
    });
    const before = await this.#parentDirectory(parent, signal);
    const root = new OpenDirectory((nodes) => {
      this.#root = this.#trees.store(nodes, before.tree);
    });
    this.#levels.push({ directory: root, before });
    let names = 0;
    for (const event of walk(paths, rules)) {
      // No promise for each name: most events are done at once.
      const entering = this.#onEvent(event, signal);
      if (entering !== undefined) await entering;
      if (++names % namesPerTurn === 0) await this.#giveTurn(signal);
    }
    this.#pipeline.sendRequest();
    root.leave();
    while (this.#root === undefined) await this.#changes.next();
    return this.#root;
  }

  async #giveTurn(signal: AbortSignal): Promise<void> {
    this.#pipeline.sendRequest();
    await setImmediate();
    signal.throwIfAborted();
    this.#changes.throwIfFailed();
    await this.#pipeline.room();
  }

  /** Does what an event asks for; what must be waited for is given back. */
  #onEvent(event: WalkEvent, signal: AbortSignal): Promise<void> | undefined {
    switch (event.kind) {
      case 'enter':
        if (event.isRoot) this.#bare.enter();
        return this.#enter(event, signal);
      case 'leave':
        if (event.isRoot) this.#bare.leave(event.path);
        this.#levels.pop()?.directory.leave();
        break;
      case 'entry':
        this.#saveEntry(event);
        break;
      case 'unreadable':
        this.#report(event.path, event.error);
        break;
      case 'forbidden':
        if (!event.isRoot) this.#options.onSkipped?.(pathText(event.path));
        else {
          this.counts.forbidden++;
          this.#bare.skip(event.path, 'forbidden');
        }
        break;
      case 'excluded':
        this.counts.excluded++;
        if (event.isRoot) this.#bare.skip(event.path, 'excluded');
        break;
    }
    return undefined;
  }

  async #enter({ path, name, stat }: Seen, signal: AbortSignal): Promise<void> {
    const level = this.#level;
    const previous = level.before.find(name);
    const previousTree = previous?.type === 'dir' ? previous.subtree : undefined;
    const own = this.#describe(path, name, stat);
    const before = await this.#parentDirectory(previousTree, signal);
    const done = level.directory.reserve(name);
    const directory = new OpenDirectory((nodes) => {
      const subtree = this.#trees.store(nodes, before.tree);
      this.counts.addDirectory(previousTree, subtree);
      done(own && encodeNode({ ...own, subtree }));
    });
    this.#levels.push({ directory, before });
  }

  #saveEntry({ path, name, stat }: Seen): void {
    const { directory, before } = this.#level;
    const node = this.#describe(path, name, stat);
    if (!node) return;
    if (node.type !== 'file') {
      this.counts.others++;
      directory.add(name, encodeNode(node));
      return;
    }
    this.counts.findFile(stat.size);
    const same = before.sameFile(name, encodeNodeHead(node), this.#index);
    const previous = same === undefined ? before.find(name) : undefined;
    const kept = same ?? this.#withSameContent(node, stat, previous);
    if (kept !== undefined) {
      directory.add(name, kept);
      this.#countFile('unmodified', stat.size);
      return;
    }
    const done = directory.reserve(name);
    this.#pipeline.storeFile(path, stat.size, (outcome) => {
      done(this.#afterReading(path, node, previous, outcome));
    });
  }

  /** The node as it is now, with the content that it had, when nothing says that this has changed. */
  #withSameContent(node: TreeNode, stat: FileStat, previous: TreeNode | undefined): string | undefined {
    const content = previous !== undefined && hasSameContent(previous, stat) ? previous.content : undefined;
    const isStored = content?.every((id) => this.#index.has('data', id)) === true;
    return isStored ? encodeNode({ ...node, content }) : undefined;
  }

  #afterReading(
    path: Bytes,
    node: TreeNode,
    previous: TreeNode | undefined,
    outcome: FileOutcome,
  ): string | undefined {
    if (outcome.kind === 'failed') {
      this.#report(path, outcome.error);
      return undefined;
    }
    this.#countFile(previous?.type === 'file' ? 'changed' : 'new', outcome.size);
    return encodeNode({ ...node, content: outcome.content, size: outcome.size });
  }

  /** Undefined for what is not kept, or cannot be looked at and is reported. */
  #describe(path: Bytes, name: Bytes, stat: FileStat): TreeNode | undefined {
    const { kind } = stat;
    if (kind === 'irregular') return undefined;
    try {
      return nodeOfStat({ path, name }, kind, stat, this.#xattrs(path));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#report(path, error);
      return undefined;
    }
  }

  /** None when they cannot be read, which is reported: the rest is worth saving. */
  #xattrs(path: Bytes): Xattr[] {
    try {
      return readXattrs(path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // What has vanished shows when it is opened.
      if (error.code !== 'ENOENT') this.#report(path, error);
      return [];
    }
  }

  async #parentDirectory(tree: BlobId | undefined, signal: AbortSignal): Promise<ParentDirectory> {
    if (tree === undefined) return new ParentDirectory();
    try {
      // Each is read once: not by way of the repository's cache of trees, which would only keep them alive.
      const plaintext = await this.#repository.readBlob('tree', tree, { signal });
      return new ParentDirectory({ id: tree, plaintext });
    } catch (error) {
      // A parent only saves work: without this part of it the files are read.
      if (!isHoldfastError(error, 'repository_damaged', 'object_not_found')) throw error;
      this.#trees.distrust(tree);
      return new ParentDirectory();
    }
  }

  #countFile(kind: 'new' | 'changed' | 'unmodified', size: number): void {
    this.counts.addFile(kind, size);
    this.#options.onProgress?.(this.counts.progress);
  }

  #report(path: Bytes, error: Error): void {
    this.counts.unreadable++;
    this.#options.onUnreadable?.(pathText(path), error);
  }

  get #level(): Level {
    const level = this.#levels.at(-1);
    if (!level) throw new TypeError('the walk has left its root');
    return level;
  }
}
