import { asBuffer, type Bytes } from '../base/index.ts';
import { writeDer } from './der/der-writer.ts';

/** A source of numbers that are the same for the same seed: whole, from 0 up to but not including `below`. */
export type Random = (below: number) => number;

/** Mulberry32: small, and good enough to choose damage. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A damaged copy of `der`: half of the time in its bytes, half of the time in its structure, with all lengths right. */
export function mutate(der: Bytes, random: Random): Bytes {
  const nodes = random(2) === 0 ? parseNodes(asBuffer(der)) : undefined;
  return nodes === undefined || nodes.length === 0
    ? mutateBytes(asBuffer(der), random)
    : mutateNodes(nodes, random);
}

const telling = [0x00, 0x01, 0x1f, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xfe, 0xff];

function mutateBytes(der: Buffer, random: Random): Bytes {
  const at = random(der.length);
  const end = at + random(Math.min(32, der.length - at) + 1);
  const copy = Buffer.from(der);
  switch (random(7)) {
    case 0:
      copy[at] = (copy[at] as number) ^ (1 << random(8));
      return copy;
    case 1:
      copy[at] = telling[random(telling.length)] as number;
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(end)]);
    case 4:
      return Buffer.concat([copy.subarray(0, end), copy.subarray(at)]);
    case 5:
      return Buffer.concat([copy, copy.subarray(at, end)]);
    default:
      return copy.fill(random(256), at, end);
  }
}

interface Node {
  tag: number;
  content: Bytes | Node[];
}

function mutateNodes(root: Node[], random: Random): Bytes {
  const parents: Node[][] = [];
  collect(root, parents);
  const siblings = parents[random(parents.length)] as Node[];
  mutateNode(siblings, random(siblings.length), random);
  return Buffer.concat(root.map(encodeNode));
}

function mutateNode(siblings: Node[], at: number, random: Random): void {
  const node = siblings[at] as Node;
  switch (random(7)) {
    case 0:
      siblings.splice(at, 1);
      break;
    case 1:
      siblings.splice(at, 0, node);
      break;
    case 2:
      siblings.reverse();
      break;
    case 3:
      node.tag = random(2) === 0 ? random(256) : (telling[random(telling.length)] as number);
      break;
    case 4:
      node.content = Buffer.from(Array.from({ length: random(40) }, () => random(256)));
      break;
    case 5:
      for (let level = random(100); level >= 0; level--)
        siblings[at] = { tag: 0x30, content: [siblings[at] as Node] };
      break;
    default:
      siblings.push(...Array.from({ length: random(50) }, () => node));
  }
}

/** The elements that make up all of `der`, or undefined when it is not a row of elements. */
function parseNodes(der: Buffer): Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1] ?? 0x80;
    const count = first < 0x80 ? 0 : first - 0x80;
    if (first === 0x80 || count > 3 || at + 2 + count > der.length) return undefined;
    const start = at + 2 + count;
    const end = start + (count === 0 ? first : der.readUIntBE(at + 2, count));
    if (end > der.length) return undefined;
    const tag = der[at] as number;
    const content = der.subarray(start, end);
    const isOpen = (tag & 0x20) !== 0 || tag === 0x04;
    nodes.push({ tag, content: (isOpen && content.length > 0 && parseNodes(content)) || content });
    at = end;
  }
  return nodes;
}

function collect(nodes: Node[], into: Node[][]): void {
  if (nodes.length > 0) into.push(nodes);
  for (const { content } of nodes) if (Array.isArray(content)) collect(content, into);
}

function encodeNode({ tag, content }: Node): Bytes {
  const bytes = Array.isArray(content) ? Buffer.concat(content.map(encodeNode)) : content;
  return writeDer((writer) => writer.content(tag, bytes), bytes.length + 8);
}
