import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes, isHoldfastError } from '../../base/index.ts';
import { type BlobId, idOf, isId } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { unquoteGo } from '../format/go-text.ts';
import { compareNames, encodeTree, parseTree, treeText } from '../format/tree.ts';
import { encodeNode, type TreeNode } from '../format/tree-node.ts';
import type { Pipeline } from './pipeline.ts';

/** Stores directories that are not in the repository yet, each once. */
export class TreeStore {
  readonly #index: BlobIndex;
  readonly #pipeline: Pipeline;
  readonly #stored = new Set<BlobId>();
  readonly #unreadable = new Set<BlobId>();

  constructor(index: BlobIndex, pipeline: Pipeline) {
    this.#index = index;
    this.#pipeline = pipeline;
  }

  /** Has a tree that the index knows and that cannot be read stored again when it is as before. */
  distrust(id: BlobId): void {
    this.#unreadable.add(id);
  }

  /** The id of the tree with these nodes, encoded, which are in the order of their names; `before` is what it was in the parent. */
  store(nodes: readonly string[], before?: StoredTree): BlobId {
    const plaintext = encodeTree(nodes);
    const isAsBefore = before !== undefined && asBuffer(plaintext).equals(before.plaintext);
    const id = isAsBefore ? before.id : idOf(plaintext);
    if (!this.#stored.has(id) && !this.#isReadable(id)) {
      this.#stored.add(id);
      this.#pipeline.storeTree(id, plaintext);
    }
    return id;
  }

  #isReadable(id: BlobId): boolean {
    return this.#index.has('tree', id) && !this.#unreadable.has(id);
  }
}

/** A tree that was read. */
export interface StoredTree {
  readonly id: BlobId;
  readonly plaintext: Bytes;
}

/**
 * A directory that is being saved. Its nodes come in the order of their names but are known in any order; when the
 * walk has left it and all are known, `onComplete` is called once.
 */
export class OpenDirectory {
  readonly #nodes: (string | undefined)[] = [];
  readonly #onComplete: (nodes: readonly string[]) => void;
  #last: Bytes | undefined;
  #unknown = 0;
  #isLeft = false;

  constructor(onComplete: (nodes: readonly string[]) => void) {
    this.#onComplete = onComplete;
  }

  /** Adds the next node, encoded; a `TypeError` unless its name comes after the last one. */
  add(name: Bytes, node: string): void {
    this.#place(name, node);
  }

  /**
   * Keeps a place for the next node. What is returned must be called once, with nothing when there is no node after all.
   * A `TypeError` as {@link add}.
   */
  reserve(name: Bytes): (node?: string) => void {
    const place = this.#place(name, undefined);
    this.#unknown++;
    return (node) => {
      this.#nodes[place] = node;
      this.#unknown--;
      this.#completeIfKnown();
    };
  }

  /** Nothing more will be added. */
  leave(): void {
    this.#isLeft = true;
    this.#completeIfKnown();
  }

  #place(name: Bytes, node: string | undefined): number {
    if (this.#last !== undefined && compareNames(this.#last, name) >= 0)
      throw new TypeError('names of a tree are not in order');
    this.#last = name;
    return this.#nodes.push(node) - 1;
  }

  #completeIfKnown(): void {
    if (!this.#isLeft || this.#unknown > 0) return;
    this.#onComplete(this.#nodes.filter((node) => node !== undefined));
  }
}

/**
 * A directory of the parent snapshot, asked for names in ascending order. While its JSON is as restic writes it, it is gone
 * through as text: a file that has not changed costs a comparison with what its node would begin with now, and no object is
 * made of it.
 */
export class ParentDirectory {
  /** What was read; undefined for a directory that was not there. */
  readonly tree: StoredTree | undefined;
  readonly #nodes: NodeTexts;

  /** @throws HoldfastError `repository_damaged` for a tree that is none */
  constructor(tree?: StoredTree) {
    this.tree = tree;
    this.#nodes = new NodeTexts(tree);
  }

  /**
   * The JSON of the file called `name` when it begins with `head` and the index has all of its blobs: it is the file as
   * it was, and need not be read.
   */
  sameFile(name: Bytes, head: string, index: BlobIndex): string | undefined {
    if (!this.#nodes.beginsWith(head)) this.#seek(name);
    return this.#nodes.beginsWith(head) ? this.#nodes.fileIn(head.length, index) : undefined;
  }

  /** The node of that name; each name asked for must come after the one before. */
  find(name: Bytes): TreeNode | undefined {
    return this.#seek(name) ? this.#nodes.parse() : undefined;
  }

  #seek(name: Bytes): boolean {
    for (let here = this.#nodes.name(); here !== undefined; here = this.#nodes.name()) {
      const order = compareNames(here, name);
      if (order >= 0) return order === 0;
      this.#nodes.next();
    }
    return false;
  }
}

/** How a node begins, up to its type; what else in a node has a name has a value behind it. */
const nodeStart = /\{"name":("(?:[^"\\]|\\.)*"),"type":"/y;
const boundary = '},{"name":"';
const contentStart = ',"content":[';
const contentEnd = ']}';
const idDigits = 64;
const nowhere = -1;

/** The nodes of a tree one after the other, as text. */
class NodeTexts {
  readonly #id: BlobId | undefined;
  readonly #text: string;
  /** Where the node begins that is looked at. */
  #at: number;
  #name: Bytes | undefined;

  constructor(tree: StoredTree | undefined) {
    this.#id = tree?.id;
    this.#text = tree === undefined ? '' : textOf(tree);
    this.#at = this.#nodeAt(treeText.start.length);
  }

  /** The name of the node that is looked at; undefined behind the last. */
  name(): Bytes | undefined {
    if (this.#at === nowhere) return undefined;
    nodeStart.lastIndex = this.#at;
    const [, quoted = '""'] = nodeStart.exec(this.#text) ?? [];
    this.#name ??= unquoteGo(JSON.parse(quoted) as string) ?? Buffer.alloc(0);
    return this.#name;
  }

  /** Looks at the next node. */
  next(): void {
    let place = nowhere;
    for (let from = this.#at; from !== nowhere && place === nowhere; ) {
      from = this.#text.indexOf(boundary, from + 1);
      if (from !== nowhere) place = this.#nodeAt(from + 2);
    }
    this.#moveTo(place);
  }

  /** Whether the node that is looked at begins with `head`. */
  beginsWith(head: string): boolean {
    return this.#at !== nowhere && this.#text.startsWith(head, this.#at);
  }

  /**
   * The JSON of a file's node whose first `headLength` characters are known, when its blobs and nothing else follow, and the
   * index has them; looks at the next node then.
   */
  fileIn(headLength: number, index: BlobIndex): string | undefined {
    const start = this.#at;
    const end = this.#contentEnd(start + headLength, index);
    if (end === undefined) return undefined;
    if (this.#text.startsWith(boundary, end - 1)) this.#moveTo(this.#nodeAt(end + 1));
    else if (end + treeText.end.length === this.#text.length) this.#moveTo(nowhere);
    else return undefined;
    return this.#text.slice(start, end);
  }

  /** The node that is looked at; undefined when it is none that can be used. */
  parse(): TreeNode | undefined {
    if (this.#id === undefined) return undefined;
    const start = this.#at;
    this.next();
    const end = this.#at === nowhere ? this.#text.length - treeText.end.length : this.#at - 1;
    const tree = treeText.start + this.#text.slice(start, end) + treeText.end;
    try {
      return parseTree(Buffer.from(tree), this.#id).nodes[0];
    } catch (error) {
      if (!isHoldfastError(error, 'repository_damaged')) throw error;
      return undefined;
    }
  }

  #contentEnd(at: number, index: BlobIndex): number | undefined {
    const text = this.#text;
    if (!text.startsWith(contentStart, at)) return undefined;
    let end = at + contentStart.length;
    for (let quote = '"'; !text.startsWith(contentEnd, end); quote = ',"') {
      const start = end + quote.length;
      const id = text.slice(start, start + idDigits);
      if (!text.startsWith(quote, end) || !isId(id) || !index.has('data', id)) return undefined;
      end = start + idDigits + 1;
      if (text[end - 1] !== '"') return undefined;
    }
    return end + contentEnd.length;
  }

  #nodeAt(at: number): number {
    nodeStart.lastIndex = at;
    return nodeStart.test(this.#text) ? at : nowhere;
  }

  #moveTo(at: number): void {
    this.#at = at;
    this.#name = undefined;
  }
}

/** The text of a tree, as restic would have written it. */
function textOf({ id, plaintext }: StoredTree): string {
  const text = isUtf8(plaintext) ? asBuffer(plaintext).toString() : '';
  const isUsual = text.startsWith(treeText.start) && text.endsWith(treeText.end);
  const isListed =
    isUsual &&
    (text.startsWith('{"name":"', treeText.start.length) ||
      text.length === treeText.start.length + treeText.end.length);
  return isListed ? text : asBuffer(encodeTree(parseTree(plaintext, id).nodes.map(encodeNode))).toString();
}
