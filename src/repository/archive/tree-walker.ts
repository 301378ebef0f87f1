import { setImmediate } from 'node:timers/promises';
import { type Bytes, HoldfastError, isHoldfastError, ownUser } from '../../base/index.ts';
import { groupName, joinPath, pathText, userName } from '../../files/index.ts';
import type { BlobId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { parseNode, parseTree } from '../format/tree.ts';
import { encodeDirectory, encodeFile, encodeNode, type TreeNode, toGoMode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import { nowNs } from '../this-machine.ts';
import {
  type ArchiveCounts,
  type ArchiveOptions,
  BarePaths,
  BaseUnusable,
  type Changes,
  type SavedStream,
} from './archive-options.ts';
import { handlePath, unknownSize } from './messages.ts';
import type { Pipeline } from './pipeline.ts';
import { nameIn, OpenDirectory, ParentDirectory, TreeStore } from './tree-store.ts';
import type { WalkAhead } from './walk-ahead.ts';
import { stepsOf, type WalkStep } from './walk-batch.ts';
import type { FileOutcome } from './worker-team.ts';

/** A directory on the way from the root to where the walk is. */
interface Level {
  /** Raw, absolute. */
  readonly path: Bytes;
  readonly directory: OpenDirectory;
  readonly before: ParentDirectory;
}

/** Takes what is found in the file system, hands new content to the pipeline, and builds the trees from the leaves to the root. */
export class TreeWalker {
  readonly counts: ArchiveCounts;
  readonly #repository: Repository;
  readonly #ahead: WalkAhead;
  readonly #index: BlobIndex;
  readonly #pipeline: Pipeline;
  readonly #changes: Changes;
  readonly #options: ArchiveOptions;
  readonly #trees: TreeStore;
  readonly #bare: BarePaths;
  readonly #levels: Level[] = [];
  #root: BlobId | undefined;
  /** Directories of the parent that are none any more. */
  readonly #gone: BlobId[] = [];

  constructor(parts: {
    readonly repository: Repository;
    readonly ahead: WalkAhead;
    readonly index: BlobIndex;
    readonly pipeline: Pipeline;
    readonly changes: Changes;
    readonly counts: ArchiveCounts;
    readonly options: ArchiveOptions;
  }) {
    this.#repository = parts.repository;
    this.#ahead = parts.ahead;
    this.#index = parts.index;
    this.#pipeline = parts.pipeline;
    this.#changes = parts.changes;
    this.counts = parts.counts;
    this.#options = parts.options;
    this.#trees = new TreeStore(parts.index, parts.pipeline);
    this.#bare = new BarePaths(parts.counts, parts.options.onBare);
  }

  /** Saves everything that the walk finds; the id of the root tree. */
  async save(parent: BlobId | undefined, signal: AbortSignal): Promise<BlobId> {
    const before = await this.#parentDirectory(parent, signal);
    const root = new OpenDirectory((nodes) => {
      this.#root = this.#trees.store(nodes, before);
    });
    this.#levels.push({ path: Buffer.from('/'), directory: root, before });
    for await (const batch of this.#ahead.batches()) {
      for (const step of stepsOf(batch)) {
        // No promise for each name: most steps are done at once.
        const entering = this.#take(step, signal);
        if (entering !== undefined) await entering;
      }
      await this.#giveTurn(signal);
    }
    if (this.#options.stream !== undefined) await this.#saveStream(this.#options.stream, root);
    before.passRest();
    root.leave();
    while (this.#root === undefined) await this.#changes.next();
    await this.#countGone(signal);
    return this.#root;
  }

  /** @throws HoldfastError `nothing_saved` for a stream without content, and what its writer failed with */
  async #saveStream(stream: SavedStream, root: OpenDirectory): Promise<void> {
    const place = Buffer.from(handlePath(stream.handle));
    const outcomes: FileOutcome[] = [];
    const done = root.reserve();
    this.#pipeline.storeFile(place, unknownSize, (outcome) => void outcomes.push(outcome));
    this.#pipeline.sendRequest();
    while (outcomes.length === 0) await this.#changes.next();
    await stream.written;
    const [outcome] = outcomes;
    if (outcome?.kind === 'failed') throw outcome.error;
    const { content = [], size = 0 } = outcome ?? {};
    if (size === 0) throw emptyStream(stream.name);
    this.counts.findFile(size);
    this.#countFile('new', size);
    done(encodeNode({ ...streamNode(stream.name, nowNs(this.#repository.clock)), content, size }));
  }

  async #giveTurn(signal: AbortSignal): Promise<void> {
    this.#pipeline.sendRequest();
    await setImmediate();
    signal.throwIfAborted();
    this.#changes.throwIfFailed();
    await this.#pipeline.room();
  }

  /** Does what a step asks for; what must be waited for is given back. */
  #take(step: WalkStep, signal: AbortSignal): Promise<void> | undefined {
    switch (step.kind) {
      case 'enter':
        if (step.isRoot) this.#bare.enter();
        return this.#enter(step, signal);
      case 'leave':
        this.#leave(step.isRoot);
        break;
      case 'file':
        this.#saveFile(step);
        break;
      case 'other':
        this.counts.others++;
        this.#level.directory.add(step.text);
        break;
      case 'unreadable':
        this.#report(pathOf(step), systemError(step.text));
        break;
      case 'forbidden':
        if (!step.isRoot) this.#options.onSkipped?.(pathText(pathOf(step)));
        else {
          this.counts.forbidden++;
          this.#bare.skip(pathOf(step), 'forbidden');
        }
        break;
      case 'excluded':
        this.counts.excluded++;
        if (step.isRoot) this.#bare.skip(pathOf(step), 'excluded');
        break;
      case 'kept':
        this.#keep(step);
        break;
    }
    return undefined;
  }

  async #enter(step: WalkStep, signal: AbortSignal): Promise<void> {
    const level = this.#level;
    const previous = level.before.find(step.text);
    if (previous !== undefined) this.counts.addBefore(previous);
    const previousTree = previous?.type === 'dir' ? previous.subtree : undefined;
    const before = await this.#parentDirectory(previousTree, signal);
    const done = level.directory.reserve();
    const directory = new OpenDirectory((nodes) => {
      const subtree = this.#trees.store(nodes, before);
      this.counts.addDirectory(previousTree, subtree);
      done(encodeDirectory(step.text, subtree));
    });
    this.#levels.push({ path: pathOf(step), directory, before });
  }

  /** Takes a directory as it is in the parent, with what is in it. @throws BaseUnusable */
  #keep(step: WalkStep): void {
    const { directory, before } = this.#level;
    const previous = before.find(step.text);
    const subtree = previous?.type === 'dir' ? previous.subtree : undefined;
    if (previous === undefined || subtree === undefined || !this.#index.has('tree', subtree))
      throw new BaseUnusable(pathText(pathOf(step)));
    const node = encodeDirectory(step.text, subtree);
    if (!isSameDirectory(previous, parseNode(node))) throw new BaseUnusable(pathText(pathOf(step)));
    this.counts.addBefore(previous);
    this.counts.dirsKept++;
    this.counts.addDirectory(subtree, subtree);
    directory.add(node);
  }

  #leave(isRoot: boolean): void {
    const { path, directory, before } = this.#level;
    before.passRest();
    if (isRoot) this.#bare.leave(path);
    this.#levels.pop();
    directory.leave();
  }

  #saveFile({ text: head, size }: WalkStep): void {
    const { path, directory, before } = this.#level;
    this.counts.findFile(size);
    const same = before.sameFile(head, this.#index);
    const previous = same === undefined ? before.find(head) : undefined;
    if (same !== undefined) this.counts.addBefore({ type: 'file', size });
    if (previous !== undefined) this.#lose(previous);
    const kept = same ?? this.#withSameContent(head, previous);
    if (kept !== undefined) {
      directory.add(kept);
      this.#countFile('unmodified', size);
      return;
    }
    const done = directory.reserve();
    const place = joinPath(path, nameIn(head));
    this.#pipeline.storeFile(place, size, (outcome) => {
      if (outcome.kind === 'failed') this.#report(place, outcome.error);
      else this.#countFile(previous?.type === 'file' ? 'changed' : 'new', outcome.size);
      done(outcome.kind === 'failed' ? undefined : nodeAsRead(head, size, outcome));
    });
  }

  /** The node as it is now, with the content that it had, when nothing says that this has changed. */
  #withSameContent(head: string, previous: TreeNode | undefined): string | undefined {
    if (previous === undefined || !hasSameContent(previous, nodeOfHead(head))) return undefined;
    const { content = [] } = previous;
    return content.every((id) => this.#index.has('data', id)) ? encodeFile(head, content) : undefined;
  }

  async #parentDirectory(tree: BlobId | undefined, signal: AbortSignal): Promise<ParentDirectory> {
    if (tree === undefined) return new ParentDirectory();
    const onPassed =
      this.#options.since === undefined ? undefined : (node: TreeNode): void => this.#lose(node);
    try {
      // Each is read once: not by way of the repository's cache of trees, which would only keep them alive.
      const plaintext = await this.#repository.readBlob('tree', tree, { signal });
      return new ParentDirectory({ id: tree, plaintext }, onPassed);
    } catch (error) {
      // A parent only saves work: without this part of it the files are read.
      if (!isHoldfastError(error, 'repository_damaged', 'object_not_found')) throw error;
      if (onPassed !== undefined) throw new BaseUnusable(tree);
      this.#trees.distrust(tree);
      return new ParentDirectory();
    }
  }

  /** Something of the parent is not there any more, or another thing is in its place. */
  #lose(node: TreeNode): void {
    this.counts.addBefore(node);
    if (node.type === 'dir' && node.subtree !== undefined) this.#gone.push(node.subtree);
  }

  /** Counts what is in the directories that are gone, where it is to be known what is left. @throws BaseUnusable */
  async #countGone(signal: AbortSignal): Promise<void> {
    if (this.#options.since === undefined) return;
    for (let tree = this.#gone.pop(); tree !== undefined; tree = this.#gone.pop()) {
      const plaintext = await this.#repository.readBlob('tree', tree, { signal }).catch((error: unknown) => {
        if (isHoldfastError(error, 'repository_damaged', 'object_not_found'))
          throw new BaseUnusable('a directory that is gone');
        throw error;
      });
      for (const node of parseTree(plaintext, tree).nodes) this.#lose(node);
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

function pathOf({ path }: WalkStep): Bytes {
  return Buffer.from(path, 'latin1');
}

/** From its code, a space, and its message. */
function systemError(text: string): Error {
  const [code = ''] = text.split(' ', 1);
  return Object.assign(new Error(text.slice(code.length + 1)), { code });
}

/** A file that was read may have become longer or shorter than it was when it was looked at. */
function nodeAsRead(
  head: string,
  size: number,
  { content, size: sizeRead }: Extract<FileOutcome, { readonly kind: 'read' }>,
): string {
  return size === sizeRead
    ? encodeFile(head, content)
    : encodeNode({ ...nodeOfHead(head), content, size: sizeRead });
}

/** The node that begins so, without content. */
function nodeOfHead(head: string): TreeNode {
  const node = parseNode(encodeFile(head, []));
  if (node === undefined) throw new TypeError(`no node begins with ${head}`);
  return node;
}

/**
 * Whether a file that a node of the parent snapshot describes has the same content now: type, size, both times and inode
 * (restic, "File Change Detection"). Then a file need not be read. Nothing but its content is taken from the parent, whose
 * program or user may have recorded less than is recorded now.
 */
function hasSameContent(before: TreeNode, now: TreeNode): boolean {
  return (
    before.type === now.type &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs &&
    before.inode === now.inode &&
    before.size === now.size
  );
}

/** By what names a directory in a file system: another one of that name is none whose content is known. */
function isSameDirectory(before: TreeNode, now: TreeNode | undefined): boolean {
  return before.inode === now?.inode && before.deviceId === now.deviceId;
}

function emptyStream(name: string): HoldfastError {
  return new HoldfastError('nothing_saved', `nothing came to be saved as ${name}`, {
    hint: 'check the command that was to write it; a file that is empty is saved by its path',
  });
}

/** What is known of what comes out of a pipe, as restic says it: a file of this user's, made now. */
function streamNode(name: string, nowNs_: bigint): TreeNode {
  const user = userName(ownUser() ?? 0);
  const group = groupName(process.getgid?.() ?? 0);
  return {
    name: Buffer.from(name),
    type: 'file',
    mode: toGoMode('file', 0o644),
    mtimeNs: nowNs_,
    atimeNs: nowNs_,
    ctimeNs: nowNs_,
    uid: ownUser() ?? 0,
    gid: process.getgid?.() ?? 0,
    ...(user !== undefined && { user }),
    ...(group !== undefined && { group }),
    inode: 0n,
    deviceId: 0n,
    size: 0,
    links: 1,
    device: 0n,
  };
}
