import { asBuffer, type Bytes } from '../../base/index.ts';
import type { Repository, TreeNode } from '../../repository/index.ts';
import { inodeOf, type ViewEntry, type ViewFolder } from './view.ts';

type TreeId = NonNullable<TreeNode['subtree']>;

/** Directories kept together have so many entries, some tens of megabytes; the last one is kept whatever it has. */
const maxKept = 100_000;

/** A directory that was read. */
interface ReadTree {
  readonly nodes: readonly TreeNode[];
  /** The places of names, by their bytes; made when it is first asked for one. */
  places?: ReadonlyMap<string, number>;
}

/** Reads directories of snapshots, and keeps those that were read last. */
export class TreeKeeper {
  readonly #repository: Repository;
  readonly #signal: AbortSignal;
  /** What was asked for last stands last. */
  readonly #kept = new Map<TreeId, ReadTree>();
  readonly #reading = new Map<TreeId, Promise<ReadTree>>();
  #count = 0;

  constructor(repository: Repository, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
  }

  /** @throws HoldfastError `repository_damaged` */
  async read(id: TreeId): Promise<ReadTree> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      this.#kept.delete(id);
      this.#kept.set(id, kept);
      return kept;
    }
    const known = this.#reading.get(id);
    if (known !== undefined) return await known;
    const reading = this.#read(id).finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return await reading;
  }

  async #read(id: TreeId): Promise<ReadTree> {
    const { nodes } = await this.#repository.readTree(id, { signal: this.#signal });
    const tree = { nodes };
    this.#kept.set(id, tree);
    this.#count += nodes.length + 1;
    for (const [oldest, old] of this.#kept) {
      if (this.#count <= maxKept || oldest === id) break;
      this.#kept.delete(oldest);
      this.#count -= old.nodes.length + 1;
    }
    return tree;
  }
}

/** Where a directory of a snapshot is, as far as numbers of files depend on it. */
interface Origin {
  readonly inode: number;
  /** What the numbers of files with several names begin from: the same all over a snapshot. */
  readonly links: number;
}

/** A directory of a snapshot. */
export class SavedFolder implements ViewFolder {
  readonly isFixed = true;
  readonly #trees: TreeKeeper;
  readonly #tree: TreeId;
  readonly #origin: Origin;

  constructor(trees: TreeKeeper, tree: TreeId, origin: Origin) {
    this.#trees = trees;
    this.#tree = tree;
    this.#origin = origin;
  }

  async list(from = 0): Promise<Iterable<ViewEntry>> {
    const { nodes } = await this.#trees.read(this.#tree);
    return this.#entries(nodes, from);
  }

  async find(name: Bytes): Promise<ViewEntry | undefined> {
    const tree = await this.#trees.read(this.#tree);
    tree.places ??= new Map(tree.nodes.map((node, place) => [keyOf(node.name), place]));
    const place = tree.places.get(keyOf(name));
    return place === undefined ? undefined : this.#entry(tree.nodes, place);
  }

  async at(place: number): Promise<ViewEntry | undefined> {
    return this.#entry((await this.#trees.read(this.#tree)).nodes, place);
  }

  *#entries(nodes: readonly TreeNode[], from: number): Generator<ViewEntry, void, undefined> {
    for (let place = from; place < nodes.length; place++) {
      const entry = this.#entry(nodes, place);
      if (entry !== undefined) yield entry;
    }
  }

  #entry(nodes: readonly TreeNode[], place: number): ViewEntry | undefined {
    const node = nodes[place];
    if (node === undefined) return undefined;
    const { name, subtree } = node;
    const inode = this.#inodeOf(node);
    if (subtree === undefined) return { name, place, node, inode };
    const origin = { inode, links: this.#origin.links };
    return { name, place, node, inode, open: () => new SavedFolder(this.#trees, subtree, origin) };
  }

  #inodeOf(node: TreeNode): number {
    if (node.links <= 1 || node.type === 'dir') return inodeOf(this.#origin.inode, node.name);
    return inodeOf(this.#origin.links, Buffer.from(`${node.deviceId}/${node.inode}`));
  }
}

function keyOf(name: Bytes): string {
  return asBuffer(name).toString('latin1');
}
