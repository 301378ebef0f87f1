import { textPath } from '../files/index.ts';
import type { BlobId, BlobType } from './format/blob.ts';
import type { BlobIndex } from './format/blob-index.ts';
import { compareNames } from './format/tree.ts';
import { type NamedBlobs, nodeOfEntry, type TreeEntry } from './format/tree-entry.ts';
import { encodeNode } from './format/tree-node.ts';
import type { Repository } from './repository.ts';
import { type EntriesOptions, EntriesReader } from './tree-entries.ts';

/** How two trees are compared. */
export interface DiffOptions extends EntriesOptions {
  /** Also tell of what differs in nothing but its metadata. */
  readonly metadata?: boolean;
}

/**
 * One difference, as restic's `diff` shows it: `+` and `-` for what only one tree has, `T` for another type, `M` for other content,
 * `M?` for other content while all else is the same, which no program does that writes a file, `U` for other metadata.
 */
export interface TreeChange {
  /** Absolute, as `pathText` shows it; a directory's ends with `/`. */
  readonly path: string;
  readonly modifier: string;
}

/** What only one of two trees has. */
export interface DiffSide {
  files: number;
  dirs: number;
  others: number;
  dataBlobs: number;
  treeBlobs: number;
  /** Plaintext of the blobs. */
  bytes: number;
}

/** How much differs between two trees. */
export interface DiffStatistics {
  /** Files with other content. */
  readonly changedFiles: number;
  readonly added: Readonly<DiffSide>;
  readonly removed: Readonly<DiffSide>;
}

/**
 * The differences between two trees, in the order of their names, a directory before what is in it; at the end how many there
 * were. What both have just so is read only as far as it takes to know which blobs are in one alone.
 */
export async function* diffTrees(
  repository: Repository,
  before: BlobId,
  after: BlobId,
  options: DiffOptions,
): AsyncGenerator<TreeChange, DiffStatistics, undefined> {
  const { signal } = options;
  const index = await repository.loadIndex({ signal });
  const differ = new TreeDiffer(repository, options);
  yield* differ.compare(before, after);
  return await differ.statistics(index);
}

/** One name in two trees, and what it is in each. */
type Pair = readonly [before: TreeEntry | undefined, after: TreeEntry | undefined];

/** A directory that is compared. */
interface Level {
  readonly path: string;
  readonly pairs: readonly Pair[];
  next: number;
}

class TreeDiffer {
  readonly #options: DiffOptions;
  readonly #reader: EntriesReader;
  readonly #blobs = { before: new BlobSet(), after: new BlobSet() };
  readonly #removed = newSide();
  readonly #added = newSide();
  #changedFiles = 0;
  /** Directories that both trees have just so. */
  readonly #equal = new Set<BlobId>();

  constructor(repository: Repository, options: DiffOptions) {
    this.#options = options;
    this.#reader = new EntriesReader(repository, options);
  }

  async *compare(before: BlobId, after: BlobId): AsyncGenerator<TreeChange, void, undefined> {
    this.#blobs.before.trees.add(before);
    this.#blobs.after.trees.add(after);
    // A stack of our own, because directories can be nested deeper than calls.
    const levels = before === after ? [] : [await this.#open('', before, after)];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const pair = level.pairs[level.next++];
      if (pair === undefined) {
        levels.pop();
        continue;
      }
      this.#count(pair);
      const path = `${level.path}/${(pair[0] ?? pair[1])?.name ?? ''}`;
      const modifier = this.#modifierOf(pair, path);
      if (modifier !== '') yield { path: (pair[1] ?? pair[0])?.type === 'dir' ? `${path}/` : path, modifier };
      const inside = await this.#inside(pair, path);
      if (inside !== undefined) levels.push(inside);
    }
  }

  async statistics(index: BlobIndex): Promise<DiffStatistics> {
    const { before, after } = this.#blobs;
    const removed = before.without(after);
    const added = after.without(before);
    await this.#leaveOutEqual(removed, added);
    countBlobs(removed, index, this.#removed);
    countBlobs(added, index, this.#added);
    return { changedFiles: this.#changedFiles, added: this.#added, removed: this.#removed };
  }

  #count([before, after]: Pair): void {
    if (before !== undefined) this.#blobs.before.add(before);
    if (after !== undefined) this.#blobs.after.add(after);
    if (before === undefined && after !== undefined) countEntry(after, this.#added);
    if (after === undefined && before !== undefined) countEntry(before, this.#removed);
  }

  #modifierOf([before, after]: Pair, path: string): string {
    if (before === undefined) return '+';
    if (after === undefined) return '-';
    const type = before.type === after.type ? '' : 'T';
    if (type === '' && before.type === 'file' && !hasSameContent(before, after)) {
      this.#changedFiles++;
      return this.#isSameBesideContent(before, after, path) ? 'M?' : 'M';
    }
    return this.#options.metadata === true && !this.#isSame(before, after, path) ? `${type}U` : type;
  }

  #isSameBesideContent(before: TreeEntry, after: TreeEntry, path: string): boolean {
    const json = { ...before.json, content: after.json['content'] };
    return this.#isSame({ ...before, json }, after, path);
  }

  #isSame(before: TreeEntry, after: TreeEntry, path: string): boolean {
    if (JSON.stringify(before.json) === JSON.stringify(after.json)) return true;
    const [one, other] = [before, after].map((entry) =>
      nodeOfEntry(entry, (error) => this.#options.onProblem(path, error)),
    );
    return one !== undefined && other !== undefined && encodeNode(one) === encodeNode(other);
  }

  /** What is to be compared below; nothing where the type changed, as by restic. */
  async #inside([before, after]: Pair, path: string): Promise<Level | undefined> {
    if (before !== undefined && after !== undefined && before.type !== after.type) return undefined;
    const [old, now] = [before?.subtree, after?.subtree];
    if (old === undefined && now === undefined) return undefined;
    if (old !== now) return await this.#open(path, old, now);
    if (old !== undefined) this.#equal.add(old);
    return undefined;
  }

  async #open(path: string, before: BlobId | undefined, after: BlobId | undefined): Promise<Level> {
    const old = before === undefined ? [] : await this.#reader.read(before, path);
    const now = after === undefined ? [] : await this.#reader.read(after, path);
    return { path, pairs: [...pairUp(inOrder(old), inOrder(now))], next: 0 };
  }

  /** Takes out what directories hold that both trees have, until nothing is left that could be there. */
  async #leaveOutEqual(removed: BlobSet, added: BlobSet): Promise<void> {
    const pending = [...this.#equal];
    const seen = new Set(pending);
    for (let tree = pending.pop(); tree !== undefined; tree = pending.pop()) {
      if (removed.isEmpty && added.isEmpty) return;
      const named = await this.#reader.readNamed(tree, `tree ${tree}`);
      removed.delete(named);
      added.delete(named);
      const below = named.subtrees.filter((subtree) => !seen.has(subtree));
      for (const subtree of below) seen.add(subtree);
      pending.push(...below);
    }
  }
}

/** Blobs that entries name. */
class BlobSet {
  readonly data: Set<BlobId>;
  readonly trees: Set<BlobId>;

  constructor(data = new Set<BlobId>(), trees = new Set<BlobId>()) {
    this.data = data;
    this.trees = trees;
  }

  get isEmpty(): boolean {
    return this.data.size + this.trees.size === 0;
  }

  add({ content, subtree }: TreeEntry): void {
    for (const id of content) this.data.add(id);
    if (subtree !== undefined) this.trees.add(subtree);
  }

  delete({ content, subtrees }: NamedBlobs): void {
    for (const id of content) this.data.delete(id);
    for (const id of subtrees) this.trees.delete(id);
  }

  without(others: BlobSet): BlobSet {
    return new BlobSet(this.data.difference(others.data), this.trees.difference(others.trees));
  }
}

function newSide(): DiffSide {
  return { files: 0, dirs: 0, others: 0, dataBlobs: 0, treeBlobs: 0, bytes: 0 };
}

function countEntry({ type }: TreeEntry, side: DiffSide): void {
  side[type === 'file' ? 'files' : type === 'dir' ? 'dirs' : 'others']++;
}

/** Of what no index knows the length counts as nothing. */
function countBlobs({ data, trees }: BlobSet, index: BlobIndex, side: DiffSide): void {
  const add = (type: BlobType, id: BlobId): void => {
    const slot = index.findHex(type, id);
    if (slot >= 0) side.bytes += index.plainLengthAt(slot);
  };
  side.dataBlobs = data.size;
  side.treeBlobs = trees.size;
  for (const id of data) add('data', id);
  for (const id of trees) add('tree', id);
}

function hasSameContent({ content: old }: TreeEntry, { content: now }: TreeEntry): boolean {
  return old.length === now.length && old.every((id, at) => id === now[at]);
}

/** Entries by the bytes of their names; another program may have left them otherwise. */
function inOrder(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const isOrdered = entries.every((entry, at) => at === 0 || order(entries[at - 1], entry) < 0);
  return isOrdered ? entries : entries.toSorted(order);
}

function* pairUp(
  before: readonly TreeEntry[],
  after: readonly TreeEntry[],
): Generator<Pair, void, undefined> {
  for (let old = 0, now = 0; old < before.length || now < after.length; ) {
    const place = order(before[old], after[now]);
    yield [place <= 0 ? before[old++] : undefined, place >= 0 ? after[now++] : undefined];
  }
}

/** From here on the order of UTF-16 is not that of bytes. */
const unordered = /[\ud800-\uffff]/;

/** The order of the names' bytes; what is not there comes last. */
function order(a: TreeEntry | undefined, b: TreeEntry | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (a.name === b.name) return 0;
  if (unordered.test(a.name) || unordered.test(b.name))
    return compareNames(textPath(a.name), textPath(b.name));
  return a.name < b.name ? -1 : 1;
}
