import type { Bytes } from '../../base/index.ts';
import { type BlobId, isId } from './blob.ts';
import { isNodeType, type NodeType } from './file-mode.ts';
import { unquoteGo } from './go-quote.ts';
import { parseGoTime } from './go-time.ts';
import { asBase64, asCount, asText, isJsonObject, type JsonObject } from './json-object.ts';
import { asLong, NodeFields, shown } from './node-fields.ts';
import type { TreeNode } from './tree-node.ts';

/**
 * What {@link NodeParser.parse} makes of a node: the node and, where something of it cannot be used, what; or why all of
 * it cannot be.
 */
export type ParsedNode =
  | { readonly node: TreeNode; readonly problem: string | undefined }
  | { readonly node?: undefined; readonly problem: string };

/** What has to do with a node's type alone. */
type TypePart = Pick<TreeNode, 'linkTarget' | 'content' | 'subtree'>;

/** A parser of the nodes of one tree; it remembers the last time it read, since most come twice in a row. */
export class NodeParser {
  #timeText = '';
  #timeNs: bigint | undefined;

  /**
   * A node from its JSON. Keys that are not known are passed over. A node without a usable name or type, a file
   * without a list of blobs, a directory without a tree and a symlink without a target cannot be used; of others, what is
   * not as it should be counts as zero and is named.
   */
  parse(json: unknown): ParsedNode {
    if (!isJsonObject(json)) return { problem: 'a node is not an object' };
    const name = parseName(json['name']);
    if (typeof name === 'string') return { problem: name };
    const type = json['type'];
    const called = shown(json['name']);
    if (!isNodeType(type)) return { problem: `node ${called} has the unknown type ${shown(type)}` };
    const part = typePartParsers[type]?.(json) ?? {};
    if (typeof part === 'string') return { problem: `${type} ${called} has no ${part}` };
    const fields = new NodeFields(json);
    const node = this.#node(json, fields, { name, type, ...part });
    const flaws = fields.flaws.join('; ');
    return { node, problem: flaws === '' ? undefined : `${type} ${called}: ${flaws}` };
  }

  #node(
    json: JsonObject,
    fields: NodeFields,
    { name, type, ...part }: Pick<TreeNode, 'name' | 'type'> & TypePart,
  ): TreeNode {
    const parseTime = (text: string): bigint | undefined => this.#time(text);
    const mtimeNs = fields.time('mtime', parseTime);
    const { linkTarget, ...rest } = part;
    return {
      name,
      type,
      mode: fields.word('mode'),
      mtimeNs,
      atimeNs: fields.time('atime', parseTime),
      ctimeNs: fields.time('ctime', parseTime),
      uid: fields.word('uid'),
      gid: fields.word('gid'),
      inode: asLong(json['inode']) ?? 0n,
      deviceId: asLong(json['device_id']) ?? 0n,
      size: fields.count('size'),
      links: asCount(json['links']) ?? 0,
      device: fields.long('device'),
      ...texts(json),
      ...(linkTarget && { linkTarget }),
      ...(json['extended_attributes'] != null && { xattrs: fields.xattrs('extended_attributes') }),
      ...rest,
    };
  }

  #time(text: string): bigint | undefined {
    if (text !== this.#timeText) {
      this.#timeNs = parseGoTime(text);
      this.#timeText = text;
    }
    return this.#timeNs;
  }
}

/** For types that cannot do without some member: that member, or what is missing. */
const typePartParsers: Partial<Record<NodeType, (json: JsonObject) => TypePart | string>> = {
  file: ({ content }) => (isContent(content) ? { content } : 'proper list of blobs'),
  dir: ({ subtree }) => (isId(subtree) ? { subtree } : 'tree'),
  symlink: (json) => {
    const linkTarget = parseLinkTarget(json);
    return linkTarget ? { linkTarget } : 'usable target';
  },
};

/** The raw name, or what is wrong with it: a name that is not one plain component could lead out of its directory. */
function parseName(value: unknown): Bytes | string {
  const name = typeof value === 'string' ? unquoteGo(value) : undefined;
  if (!name) return `a node has no proper name: ${shown(value)}`;
  if (name.length === 0) return 'a node has an empty name';
  const isDots = name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
  if (isDots || name.includes(0x2f) || name.includes(0))
    return `a node has the forbidden name ${shown(value)}`;
  return name;
}

function isContent(value: unknown): value is readonly BlobId[] {
  return Array.isArray(value) && value.every(isId);
}

function texts(json: JsonObject): { user?: string; group?: string; error?: string } {
  const user = asText(json['user']);
  const group = asText(json['group']);
  const error = asText(json['error']);
  return { ...(user && { user }), ...(group && { group }), ...(error && { error }) };
}

/** The target's bytes; none can be empty or hold a NUL. */
function parseLinkTarget(json: JsonObject): Bytes | undefined {
  const target = asBase64(json['linktarget_raw']) ?? Buffer.from(asText(json['linktarget']) ?? '', 'utf8');
  return target.length === 0 || target.includes(0) ? undefined : target;
}
