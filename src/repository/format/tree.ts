import { asBuffer, type Bytes, concatBytes, HoldfastError } from '../../base/index.ts';
import type { BlobId } from './blob.ts';
import { isJsonObject } from './go-text.ts';
import type { TreeNode } from './tree-node.ts';
import { NodeParser } from './tree-node-parser.ts';

/** A directory as it was read. */
export interface Tree {
  /** What can be used: every name is one plain component, and none comes twice. */
  readonly nodes: readonly TreeNode[];
  /** What is wrong with the rest, and with the order, for whoever checks or restores. */
  readonly problems: readonly string[];
}

const pieceLength = 2 ** 18;

/** Integers of more than 15 digits, which JSON.parse would round; seldom there, so worth a look before. */
const longInteger = /:\d{16,}/;

/** The order of names in a tree: that of their raw bytes. */
export function compareNames(a: Bytes, b: Bytes): number {
  return Buffer.compare(a, b);
}

/** What the plaintext of a tree blob has before its first node, between two, and behind its last, as restic writes it. */
export const treeText = { start: '{"nodes":[', between: ',', end: ']}\n' } as const;

/**
 * The plaintext of a tree blob with the nodes that {@link encodeNode} gave, in the order of their names. They are taken as
 * they come, so a directory of any size is encoded in pieces.
 */
export function encodeTree(nodes: Iterable<string>): Bytes {
  const pieces: Bytes[] = [];
  let text: string = treeText.start;
  let between = '';
  for (const node of nodes) {
    text += between + node;
    between = treeText.between;
    if (text.length > pieceLength) {
      pieces.push(Buffer.from(text));
      text = '';
    }
  }
  pieces.push(Buffer.from(text + treeText.end));
  return concatBytes(...pieces);
}

/**
 * Reads the plaintext of a tree blob. What is merely odd is said in `problems`; `repository_damaged`, naming the tree,
 * when it is not a JSON object with nodes at all.
 */
export function parseTree(plaintext: Bytes, id: BlobId): Tree {
  const list = parseNodeList(plaintext, id);
  const parser = new NodeParser();
  const nodes: TreeNode[] = [];
  const problems: string[] = [];
  const seen = new SeenNames();
  for (const json of list) {
    const { node, problem } = parser.parse(json);
    if (problem !== undefined) problems.push(problem);
    if (node === undefined) continue;
    const place = seen.add(node.name);
    if (place) problems.push(place.text);
    if (!place?.duplicate) nodes.push(node);
  }
  return { nodes, problems };
}

/** The node that {@link encodeNode} gave; undefined for what is none that can be used. */
export function parseNode(json: string): TreeNode | undefined {
  try {
    return new NodeParser().parse(parseJson(json)).node;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

/** Tells names that come twice or out of order, and costs one comparison as long as there are none. */
class SeenNames {
  #last: Bytes | undefined;
  #unordered: Set<string> | undefined;
  readonly #ordered: Bytes[] = [];

  add(name: Bytes): { text: string; duplicate: boolean } | undefined {
    const order = this.#last ? compareNames(this.#last, name) : -1;
    this.#last = name;
    if (order < 0 && !this.#unordered) {
      this.#ordered.push(name);
      return undefined;
    }
    this.#unordered ??= new Set(this.#ordered.map(key));
    const shown = JSON.stringify(asBuffer(name).toString('utf8'));
    if (this.#unordered.has(key(name))) return { text: `the name ${shown} is there twice`, duplicate: true };
    this.#unordered.add(key(name));
    return order < 0 ? undefined : { text: `the name ${shown} is out of order`, duplicate: false };
  }
}

function key(name: Bytes): string {
  return asBuffer(name).toString('latin1');
}

/** The nodes of a tree as JSON. @throws HoldfastError `repository_damaged` */
export function parseNodeList(plaintext: Bytes, id: BlobId): readonly unknown[] {
  try {
    const text = asBuffer(plaintext).toString('utf8');
    const tree = parseJson(text);
    if (isJsonObject(tree) && Array.isArray(tree['nodes'])) return tree['nodes'];
  } catch (cause) {
    throw new HoldfastError('repository_damaged', `tree ${id} is not JSON`, { cause });
  }
  throw new HoldfastError('repository_damaged', `tree ${id} is JSON, but has no list of nodes`);
}

function parseJson(text: string): unknown {
  return longInteger.test(text) ? parseLong(text) : (JSON.parse(text) as unknown);
}

/** Nested deeper than calls can be, which no tree is that was really written, it is read with rounded integers. */
function parseLong(text: string): unknown {
  try {
    return JSON.parse(text, keepLongIntegers) as unknown;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.parse(text) as unknown;
  }
}

function keepLongIntegers(_key: string, value: unknown, context?: { source?: string }): unknown {
  const isLong = typeof value === 'number' && !Number.isSafeInteger(value);
  return isLong && context?.source && /^\d{1,20}$/.test(context.source) ? BigInt(context.source) : value;
}
