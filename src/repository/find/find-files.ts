import type { BlobId } from '../format/blob.ts';
import { nodeOfEntry, type TreeEntry } from '../format/tree-entry.ts';
import type { TreeNode } from '../format/tree-node.ts';
import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshots.ts';
import { type EntriesOptions, EntriesReader, type PathProblem } from '../tree-entries.ts';

/** What is looked for. Where a directory is matters only as far as `placeOf` tells places apart. */
export interface Search {
  /** All that the answers below a directory depend on, beside its tree: the same text for all directories where that is nothing. */
  placeOf(directory: SearchedDirectory): string;
  /** Whether an entry of a directory is one of those, and whether one below it may be. */
  look(
    entry: TreeEntry,
    directory: SearchedDirectory,
  ): { readonly isMeant: boolean; readonly mayBeBelow: boolean };
  /** Whether all of it, which is read only then, leaves it one of those. */
  isMeant(node: TreeNode): boolean;
}

/** A directory that a search has come to. */
export interface SearchedDirectory {
  /** As `pathText` shows it; empty for the root. */
  readonly path: string;
  /** Whether itself, or one that it lies in, is one of those looked for. */
  readonly isWithin: boolean;
}

/** Something that was looked for. */
export interface Found {
  readonly snapshot: StoredSnapshot;
  /** Absolute, as `pathText` shows it. */
  readonly path: string;
  readonly node: TreeNode;
  /** The tree that it is an entry of. */
  readonly tree: BlobId;
}

/**
 * All that a search finds in snapshots, in their order; in each a directory before what is in it. A directory that several
 * snapshots have just so is read once: what was found in it is kept.
 */
export async function* findFiles(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  search: Search,
  options: EntriesOptions,
): AsyncGenerator<Found, void, undefined> {
  const finder = new Finder(repository, search, options);
  for (const snapshot of snapshots) yield* finder.find(snapshot);
}

/** A directory as far as a search depends on it, and what was found in it and below. */
interface Findings {
  readonly tree: BlobId;
  readonly isWithin: boolean;
  /** Undefined until it was read, and where that is not kept; without items there is nothing. */
  items: readonly Item[] | undefined;
}

/** What is looked for, or a directory that leads to some. */
interface Item {
  readonly name: string;
  readonly node: TreeNode | undefined;
  readonly below: Findings | undefined;
}

/** A directory that the search is in. */
interface Level {
  readonly directory: SearchedDirectory;
  readonly findings: Findings;
  /** What is read of it; undefined where its findings are known. */
  readonly entries: readonly TreeEntry[] | undefined;
  next: number;
  readonly found: Item[];
}

/** So many items and directories are kept, some hundreds of megabytes; what is more is read again. */
const maxKept = 500_000;

class Finder {
  readonly #search: Search;
  readonly #onProblem: PathProblem;
  readonly #reader: EntriesReader;
  /** By tree and place. */
  readonly #known = new Map<string, Findings>();
  #kept = 0;

  constructor(repository: Repository, search: Search, options: EntriesOptions) {
    this.#search = search;
    this.#onProblem = options.onProblem;
    this.#reader = new EntriesReader(repository, options);
  }

  async *find(snapshot: StoredSnapshot): AsyncGenerator<Found, void, undefined> {
    // A stack of our own, because directories can be nested deeper than calls.
    const top = { path: '', isWithin: false };
    const levels = [await this.#open(this.#findingsOf(snapshot.tree, top), top.path)];
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const item = this.#next(level);
      if (item === undefined) {
        levels.pop();
        this.#keep(level);
        continue;
      }
      const path = `${level.directory.path}/${item.name}`;
      if (item.node !== undefined) yield { snapshot, path, node: item.node, tree: level.findings.tree };
      if (item.below !== undefined) levels.push(await this.#open(item.below, path));
    }
  }

  async #open(findings: Findings, path: string): Promise<Level> {
    const { tree, isWithin, items } = findings;
    const entries = items === undefined ? await this.#reader.read(tree, path) : undefined;
    return { directory: { path, isWithin }, findings, entries, next: 0, found: [] };
  }

  #next(level: Level): Item | undefined {
    const { entries, findings } = level;
    if (entries === undefined) return findings.items?.[level.next++];
    for (let entry = entries[level.next++]; entry !== undefined; entry = entries[level.next++]) {
      const item = this.#look(entry, level.directory);
      if (item === undefined) continue;
      level.found.push(item);
      return item;
    }
    return undefined;
  }

  #look(entry: TreeEntry, directory: SearchedDirectory): Item | undefined {
    const { isMeant, mayBeBelow } = this.#search.look(entry, directory);
    const isEntered = mayBeBelow && entry.subtree !== undefined;
    if (!isMeant && !isEntered) return undefined;
    const path = `${directory.path}/${entry.name}`;
    const node = isMeant ? this.#nodeOf(entry, path) : undefined;
    const isWithin = directory.isWithin || isMeant;
    const below = isEntered ? this.#findingsOf(entry.subtree, { path, isWithin }) : undefined;
    return leadsOn({ name: entry.name, node, below });
  }

  #nodeOf(entry: TreeEntry, path: string): TreeNode | undefined {
    const node = nodeOfEntry(entry, (error) => this.#onProblem(path, error));
    return node !== undefined && this.#search.isMeant(node) ? node : undefined;
  }

  #findingsOf(tree: BlobId, directory: SearchedDirectory): Findings {
    const key = tree + this.#search.placeOf(directory);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const findings = { tree, isWithin: directory.isWithin, items: undefined };
    if (this.#known.size < maxKept) this.#known.set(key, findings);
    return findings;
  }

  /** A directory has been gone through. */
  #keep({ entries, findings, found }: Level): void {
    if (entries === undefined) return;
    const items = found.flatMap((item) => leadsOn(item) ?? []);
    this.#kept += items.length;
    if (this.#kept <= maxKept) findings.items = items;
  }
}

/** An item without what nothing was found below; undefined when that is all of it. */
function leadsOn(item: Item): Item | undefined {
  const below = item.below?.items?.length === 0 ? undefined : item.below;
  if (item.node === undefined && below === undefined) return undefined;
  return { ...item, below };
}
