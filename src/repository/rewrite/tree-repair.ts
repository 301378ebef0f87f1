import { type Bytes, isHoldfastError } from '../../base/index.ts';
import type { LostBlobs } from '../check/check-report.ts';
import type { NewPacks } from '../copy/new-packs.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { encodeTree } from '../format/tree.ts';
import { parseTreeEntries, type TreeEntry } from '../format/tree-entry.ts';
import { encodeNode } from '../format/tree-node.ts';
import { type WrittenNode, withSubtree, writtenNodes } from '../format/tree-text.ts';
import type { Repository } from '../repository.ts';

/** Something of a snapshot that is not as it was. */
export interface RepairedPath {
  /** As `pathText` shows it. */
  readonly path: string;
  /** Pieces of a file are gone, or its size was wrong; a folder cannot be read and is empty; or entries of one make no sense and are gone. */
  readonly what: 'content' | 'size' | 'folder' | 'entry';
}

interface RepairParts {
  readonly index: BlobIndex;
  readonly lost: LostBlobs;
  /** Where new directories go; nowhere for a look alone. */
  readonly packs: NewPacks | undefined;
  readonly signal: AbortSignal;
}

type Tell = (repaired: RepairedPath) => void;

/** Makes directories without what is lost. Each is read once, however many snapshots have it. */
export class TreeRepair {
  readonly #repository: Repository;
  readonly #parts: RepairParts;
  /** By the slot of a directory: nothing of it and below is lost. */
  readonly #sound: Uint8Array;
  /** What became of the others, and what was told of them. */
  readonly #repaired = new Map<
    BlobId,
    { readonly id: BlobId | undefined; readonly told: readonly RepairedPath[] }
  >();
  readonly #made = new Set<BlobId>();

  constructor(repository: Repository, parts: RepairParts) {
    this.#repository = repository;
    this.#parts = parts;
    this.#sound = new Uint8Array(parts.index.size);
  }

  /** The tree to have instead: the same where nothing is lost, undefined where it cannot be read. */
  async repair(tree: BlobId, tell: Tell): Promise<BlobId | undefined> {
    const { id, told } = await this.#repairOnce(tree);
    for (const { path, what } of told) tell({ path: path === '' ? '/' : path, what });
    return id;
  }

  /** Paths that are told are those below it. */
  async #repairOnce(
    tree: BlobId,
  ): Promise<{ readonly id: BlobId | undefined; readonly told: readonly RepairedPath[] }> {
    const slot = this.#parts.index.findHex('tree', tree);
    if (this.#sound[slot] === 1) return { id: tree, told: [] };
    const known = this.#repaired.get(tree);
    if (known !== undefined) return known;
    const told: RepairedPath[] = [];
    const id = await this.#make(tree, (path) => told.push(path));
    if (id === tree) this.#sound[slot] = 1;
    else this.#repaired.set(tree, { id, told });
    return { id, told };
  }

  async #make(tree: BlobId, tell: Tell): Promise<BlobId | undefined> {
    let isSound = true;
    const subtrees = new Map<BlobId, BlobId>();
    const note: Tell = (repaired) => {
      isSound = false;
      tell(repaired);
    };
    const read = await this.#read(tree, () => note({ path: '', what: 'entry' }));
    if (read === undefined) return undefined;
    const { plaintext, entries } = read;
    for (const entry of entries) {
      if (entry.subtree !== undefined) subtrees.set(entry.subtree, await this.#below(entry, note));
      const problem = this.#problemOf(entry);
      if (problem !== undefined) note({ path: `/${entry.name}`, what: problem });
    }
    if (isSound) return tree;
    const nodes = Array.from(writtenNodes(plaintext, tree), (written) => this.#textOf(written, subtrees));
    return await this.#store(encodeTree(nodes));
  }

  async #below({ name, subtree }: TreeEntry, note: Tell): Promise<BlobId> {
    const { id, told } = await this.#repairOnce(subtree as BlobId);
    for (const { path, what } of told) note({ path: `/${name}${path}`, what });
    if (id !== undefined) return id;
    note({ path: `/${name}`, what: 'folder' });
    return await this.#store(encodeTree([]));
  }

  #problemOf({ type, content, json }: TreeEntry): 'content' | 'size' | undefined {
    if (type !== 'file') return undefined;
    const { lost } = this.#parts;
    if (content.some((id) => lost.isLost('data', id))) return 'content';
    return this.#sizeOf(content) === (json['size'] ?? 0) ? undefined : 'size';
  }

  #sizeOf(content: readonly BlobId[]): number {
    const { index } = this.#parts;
    return content.reduce((sum, id) => sum + index.plainLengthAt(index.findHex('data', id)), 0);
  }

  #textOf(written: WrittenNode, subtrees: ReadonlyMap<BlobId, BlobId>): string {
    const { node, text } = written;
    if (node.subtree !== undefined) return withSubtree(written, subtrees.get(node.subtree) ?? node.subtree);
    if (node.content === undefined) return text;
    const content = node.content.filter((id) => !this.#parts.lost.isLost('data', id));
    const size = this.#sizeOf(content);
    const isSame = content.length === node.content.length && size === node.size;
    return isSame ? text : encodeNode({ ...node, content, size });
  }

  /** Undefined for what cannot be read as a directory. */
  async #read(
    tree: BlobId,
    onProblem: () => void = () => {},
  ): Promise<{ readonly plaintext: Bytes; readonly entries: readonly TreeEntry[] } | undefined> {
    try {
      const plaintext = await this.#repository.readBlob('tree', tree, { signal: this.#parts.signal });
      return { plaintext, entries: parseTreeEntries(plaintext, tree, onProblem) };
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      return undefined;
    }
  }

  async #store(plaintext: Bytes): Promise<BlobId> {
    const id = idOf(plaintext);
    if (this.#made.has(id)) return id;
    this.#made.add(id);
    const isThere = this.#parts.index.has('tree', id) && (await this.#read(id)) !== undefined;
    if (!isThere) await this.#parts.packs?.add({ id, type: 'tree' }, plaintext);
    return id;
  }
}
