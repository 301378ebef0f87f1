import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobId } from './blob.ts';
import { parseNode, parseTree, treeText } from './tree.ts';
import { encodeNode, type TreeNode } from './tree-node.ts';

/** A node as it is written in its tree, and what it says. */
export interface WrittenNode {
  /** All of it, also what is not known here. */
  readonly text: string;
  readonly node: TreeNode;
}

/**
 * The nodes of the plaintext of a tree blob, each with its text, for a tree that is to have some of them as they are. Those that cannot be used are left out.
 * @throws HoldfastError `repository_damaged` for what is no tree
 */
export function* writtenNodes(plaintext: Bytes, id: BlobId): Generator<WrittenNode, void, undefined> {
  const text = asBuffer(plaintext).toString('utf8');
  if (!text.startsWith(treeText.start)) {
    for (const node of parseTree(plaintext, id).nodes) yield { text: encodeNode(node), node };
    return;
  }
  for (const own of elements(text, treeText.start.length)) {
    const node = parseNode(own);
    if (node !== undefined) yield { text: own, node };
  }
}

const subtreeForm = /"subtree":"[0-9a-f]{64}"/;

/** The text of a directory's node with another tree. */
export function withSubtree({ text, node }: WrittenNode, subtree: BlobId): string {
  if (!subtreeForm.test(text)) return encodeNode({ ...node, subtree });
  return text.replace(subtreeForm, `"subtree":"${subtree}"`);
}

/** The objects of the JSON list that begins before `at`. */
function* elements(text: string, at: number): Generator<string, void, undefined> {
  let depth = 0;
  let start = at;
  for (let here = at; here < text.length; here++) {
    const letter = text[here];
    if (letter === '"') here = endOfString(text, here);
    else if (letter === '{' || letter === '[') {
      if (depth++ === 0) start = here;
    } else if (letter === '}' || letter === ']') {
      if (depth === 0) return;
      if (--depth === 0) yield text.slice(start, here + 1);
    }
  }
}

/** Where the string ends that begins at `start`: at a quotation mark with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === '\\') before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}
