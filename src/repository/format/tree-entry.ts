import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import { type BlobId, isId } from './blob.ts';
import { asText, isJsonObject, type JsonObject, unquoteGo } from './go-text.ts';
import { parseNodeList } from './tree.ts';
import { isNodeType, type NodeType, type TreeNode } from './tree-node.ts';
import { NodeParser } from './tree-node-parser.ts';

/**
 * A node of a tree of which only that is read which is asked of every one: what looks at very many of them and uses few spares
 * itself the rest of each.
 */
export interface TreeEntry {
  /** As `pathText` shows it; one plain component. */
  readonly name: string;
  readonly type: NodeType;
  /** Of directories. */
  readonly subtree: BlobId | undefined;
  /** What names the content of files; without a check of what they are. */
  readonly content: readonly BlobId[];
  readonly json: JsonObject;
}

/** The entries of the plaintext of a tree blob; what is no entry is told. @throws HoldfastError `repository_damaged` */
export function parseTreeEntries(
  plaintext: Bytes,
  id: BlobId,
  onProblem: (error: HoldfastError) => void,
): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (const json of parseNodeList(plaintext, id)) {
    const entry = isJsonObject(json) ? toEntry(json) : undefined;
    if (entry !== undefined) entries.push(entry);
    else onProblem(unusable(id, json));
  }
  return entries;
}

/** All of an entry; undefined, and told why, when it cannot be used. */
export function nodeOfEntry(
  { json }: TreeEntry,
  onProblem: (error: HoldfastError) => void,
): TreeNode | undefined {
  const { node, problem } = new NodeParser().parse(json);
  if (problem !== undefined) onProblem(new HoldfastError('repository_damaged', problem));
  return node;
}

/** What the nodes of a tree name: content of files, and the trees of directories. */
export interface NamedBlobs {
  readonly content: readonly BlobId[];
  readonly subtrees: readonly BlobId[];
}

/** Where JSON may have spaces and what restic writes has none; a name may have some, and costs time then. */
const spaces = /[":[,{]\s/;

/** What the plaintext of a tree blob names; where it is as restic writes it, without making anything else of it. */
export function namedBlobs(plaintext: Bytes, id: BlobId): NamedBlobs {
  const text = asBuffer(plaintext).toString('latin1');
  if (spaces.test(text)) return namedByEntries(plaintext, id);
  const content: BlobId[] = [];
  for (const list of between(text, '"content":[', ']'))
    for (let at = 1; at < list.length; at += idDigits + 3)
      content.push(list.slice(at, at + idDigits) as BlobId);
  return { content, subtrees: [...between(text, '"subtree":"', '"')] as BlobId[] };
}

function namedByEntries(plaintext: Bytes, id: BlobId): NamedBlobs {
  const entries = parseTreeEntries(plaintext, id, () => {});
  return {
    content: entries.flatMap(({ content }) => content),
    subtrees: entries.flatMap(({ subtree }) => subtree ?? []),
  };
}

const idDigits = 64;

/** What stands between a key and the end of its value. In a name, each quotation mark has a backslash before it. */
function* between(text: string, start: string, end: string): Generator<string, void, undefined> {
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at)) {
    const from = at + start.length;
    at = text.indexOf(end, from);
    if (at < 0) return;
    yield text.slice(from, at);
  }
}

function toEntry(json: JsonObject): TreeEntry | undefined {
  const name = nameOf(json['name']);
  const { type, subtree, content } = json;
  if (name === undefined || !isNodeType(type)) return undefined;
  return {
    name,
    type,
    subtree: type === 'dir' && isId(subtree) ? subtree : undefined,
    content: type === 'file' && Array.isArray(content) ? (content as BlobId[]) : [],
    json,
  };
}

function nameOf(value: unknown): string | undefined {
  const quoted = asText(value);
  if (quoted === undefined) return undefined;
  const isPlain = !quoted.includes('\\') && quoted.isWellFormed();
  const raw = isPlain ? undefined : unquoteGo(quoted);
  const name = isPlain ? quoted : raw && pathText(raw);
  return name === undefined || /^\.{0,2}$|[/\0]/.test(name) ? undefined : name;
}

function unusable(id: BlobId, json: unknown): HoldfastError {
  return new HoldfastError('repository_damaged', `tree ${id}: ${new NodeParser().parse(json).problem ?? ''}`);
}
