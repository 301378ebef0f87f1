import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes } from '../../base/index.ts';
import { type BlobId, idOf } from '../format/blob.ts';
import type { BlobIndex } from '../format/blob-index.ts';
import { unquoteGo } from '../format/go-text.ts';
import { compareNames, encodeTree, parseNode, parseTree, treeText } from '../format/tree.ts';
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
  store(nodes: readonly string[], before: ParentDirectory): BlobId {
    const same = before.idIfJust(nodes);
    if (same !== undefined) return same;
    const plaintext = encodeTree(nodes);
    const id = idOf(plaintext);
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
interface StoredTree {
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
  #unknown = 0;
  #isLeft = false;

  constructor(onComplete: (nodes: readonly string[]) => void) {
    this.#onComplete = onComplete;
  }

  /** Adds the next node, encoded. */
  add(node: string): void {
    this.#nodes.push(node);
  }

  /** Keeps a place for the next node. What is returned must be called once, with nothing when there is no node after all. */
  reserve(): (node?: string) => void {
    const place = this.#nodes.push(undefined) - 1;
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
  readonly #nodes: NodeTexts;
  readonly #onPassed: ((node: TreeNode) => void) | undefined;

  /**
   * @param tree what was read; undefined for a directory that was not there
   * @param onPassed told of each node that nobody asks for, the last ones by {@link passRest}
   * @throws HoldfastError `repository_damaged` for a tree that is none
   */
  constructor(tree?: StoredTree, onPassed?: (node: TreeNode) => void) {
    this.#nodes = new NodeTexts(tree);
    this.#onPassed = onPassed;
  }

  /** The id of this directory when it has just these nodes, encoded. */
  idIfJust(nodes: readonly string[]): BlobId | undefined {
    return this.#nodes.idIfJust(nodes);
  }

  /**
   * The JSON of the file whose node begins with `head` now when it did so before and the index has all of its blobs: it is the
   * file as it was, and need not be read.
   */
  sameFile(head: string, index: BlobIndex): string | undefined {
    if (!this.#nodes.beginsWith(head)) this.#seek(nameIn(head));
    return this.#nodes.beginsWith(head) ? this.#nodes.fileIn(head.length, index) : undefined;
  }

  /** The node of the name that is in `head`; each name asked for must come after the one before. */
  find(head: string): TreeNode | undefined {
    return this.#seek(nameIn(head)) ? this.#nodes.parse() : undefined;
  }

  /** No other name is asked for. */
  passRest(): void {
    if (this.#onPassed === undefined) return;
    while (this.#nodes.name() !== undefined) this.#pass();
  }

  #seek(name: Bytes): boolean {
    for (let here = this.#nodes.name(); here !== undefined; here = this.#nodes.name()) {
      const order = compareNames(here, name);
      if (order >= 0) return order === 0;
      this.#pass();
    }
    return false;
  }

  #pass(): void {
    if (this.#onPassed === undefined) return this.#nodes.next();
    const node = this.#nodes.parse();
    if (node !== undefined) this.#onPassed(node);
  }
}

/** How a node begins, up to its type; what else in a node has a name has a value behind it. */
const nodeStart = /\{"name":("(?:[^"\\]|\\.)*"),"type":"/y;
const boundary = '},{"name":"';
const contentStart = ',"content":[';
const contentEnd = ']}';
const idDigits = 64;
const nowhere = -1;

/** The raw name in a node's JSON, or in the beginning of one, that begins at `at`. */
export function nameIn(json: string, at = 0): Bytes {
  nodeStart.lastIndex = at;
  const [, quoted = '""'] = nodeStart.exec(json) ?? [];
  return unquoteGo(JSON.parse(quoted) as string) ?? Buffer.alloc(0);
}

/** The nodes of a tree one after the other, as text. */
class NodeTexts {
  readonly #id: BlobId | undefined;
  readonly #text: string;
  /** Whether the text is that of the tree itself, and not what restic would have made of it. */
  readonly #isOwn: boolean;
  /** Where the node begins that is looked at. */
  #at: number;
  #name: Bytes | undefined;

  constructor(tree: StoredTree | undefined) {
    const own = tree && ownText(tree);
    this.#id = tree?.id;
    this.#isOwn = own !== undefined;
    this.#text = own ?? (tree === undefined ? '' : usualText(tree));
    this.#at = this.#nodeAt(treeText.start.length);
  }

  /** The id of the tree when these are its nodes and no others. */
  idIfJust(nodes: readonly string[]): BlobId | undefined {
    if (!this.#isOwn) return undefined;
    let at = 0;
    let before: string = treeText.start;
    for (const node of nodes) {
      if (!this.#text.startsWith(before, at) || !this.#text.startsWith(node, at + before.length))
        return undefined;
      at += before.length + node.length;
      before = treeText.between;
    }
    const end = nodes.length === 0 ? before.length : at;
    return end + treeText.end.length === this.#text.length ? this.#id : undefined;
  }

  /** The name of the node that is looked at; undefined behind the last. */
  name(): Bytes | undefined {
    if (this.#at === nowhere) return undefined;
    this.#name ??= nameIn(this.#text, this.#at);
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
    const start = this.#at;
    if (start === nowhere) return undefined;
    this.next();
    const end = this.#at === nowhere ? this.#text.length - treeText.end.length : this.#at - 1;
    return parseNode(this.#text.slice(start, end));
  }

  #contentEnd(at: number, index: BlobIndex): number | undefined {
    const text = this.#text;
    if (!text.startsWith(contentStart, at)) return undefined;
    let end = at + contentStart.length;
    for (let quote = '"'; !text.startsWith(contentEnd, end); quote = ',"') {
      const start = end + quote.length;
      if (!text.startsWith(quote, end) || index.findText('data', text, start) === nowhere) return undefined;
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

/** The text of a tree that is as restic writes it; undefined for any other. */
function ownText({ plaintext }: StoredTree): string | undefined {
  const text = isUtf8(plaintext) ? asBuffer(plaintext).toString() : '';
  if (!text.startsWith(treeText.start) || !text.endsWith(treeText.end)) return undefined;
  const isListed =
    text.startsWith('{"name":"', treeText.start.length) ||
    text.length === treeText.start.length + treeText.end.length;
  return isListed ? text : undefined;
}

/** The text of a tree, as restic would have written it. */
function usualText({ id, plaintext }: StoredTree): string {
  return asBuffer(encodeTree(parseTree(plaintext, id).nodes.map(encodeNode))).toString();
}
