import type { Bytes } from '../../base/index.ts';
import { type BlobId, isId } from './blob.ts';
import { isNodeType, type NodeType } from './file-mode.ts';
import { unquoteGo } from './go-quote.ts';
import { parseGoTime } from './go-time.ts';
import { asBase64, asCount, asText, isJsonObject, type JsonObject } from './json-object.ts';
import type { NodeXattr, TreeNode } from './tree-node.ts';

/** What {@link NodeParser.parse} makes of a node: the node, or why it cannot be used. */
export type ParsedNode = { readonly node: TreeNode } | { readonly problem: string };

/** A parser of the nodes of one tree; it remembers the last time it read, since most come twice in a row. */
export class NodeParser {
  #timeText = '';
  #timeNs = 0n;

  /**
   * A node from its JSON. Keys that are not known are passed over. A node without a usable name or type, a file
   * without a list of blobs and a directory without a tree are problems; lesser gaps count as zero.
   */
  parse(json: unknown): ParsedNode {
    if (!isJsonObject(json)) return { problem: 'a node is not an object' };
    const name = parseName(json['name']);
    if (typeof name === 'string') return { problem: name };
    const shown = JSON.stringify(json['name']);
    const type = json['type'];
    if (!isNodeType(type)) return { problem: `node ${shown} has the unknown type ${JSON.stringify(type)}` };
    const content = type === 'file' ? parseContent(json['content']) : undefined;
    if (type === 'file' && !content) return { problem: `file ${shown} has no proper list of blobs` };
    const subtree = json['subtree'];
    if (type !== 'dir') return { node: this.#node(json, name, type, content && { content }) };
    if (!isId(subtree)) return { problem: `directory ${shown} has no tree` };
    return { node: this.#node(json, name, type, { subtree }) };
  }

  #node(
    json: JsonObject,
    name: Bytes,
    type: NodeType,
    part: { content?: readonly BlobId[]; subtree?: BlobId } | undefined,
  ): TreeNode {
    const mtimeNs = this.#time(json['mtime']);
    return {
      name,
      type,
      mode: asCount(json['mode']) ?? 0,
      mtimeNs,
      atimeNs: this.#time(json['atime']),
      ctimeNs: this.#time(json['ctime']),
      uid: asCount(json['uid']) ?? 0,
      gid: asCount(json['gid']) ?? 0,
      inode: asBigInt(json['inode']),
      deviceId: asBigInt(json['device_id']),
      size: asCount(json['size']) ?? 0,
      links: asCount(json['links']) ?? 0,
      device: asBigInt(json['device']),
      ...texts(json),
      ...(type === 'symlink' && { linkTarget: parseLinkTarget(json) }),
      ...(Array.isArray(json['extended_attributes']) && { xattrs: parseXattrs(json['extended_attributes']) }),
      ...part,
    };
  }

  #time(value: unknown): bigint {
    if (typeof value !== 'string') return 0n;
    if (value !== this.#timeText) {
      this.#timeNs = parseGoTime(value) ?? 0n;
      this.#timeText = value;
    }
    return this.#timeNs;
  }
}

/** The raw name, or what is wrong with it: a name that is not one plain component could lead out of its directory. */
function parseName(value: unknown): Bytes | string {
  const name = typeof value === 'string' ? unquoteGo(value) : undefined;
  if (!name) return `a node has no proper name: ${JSON.stringify(value)}`;
  if (name.length === 0) return 'a node has an empty name';
  const isDots = name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
  if (isDots || name.includes(0x2f) || name.includes(0))
    return `a node has the forbidden name ${JSON.stringify(value)}`;
  return name;
}

function parseContent(value: unknown): readonly BlobId[] | undefined {
  return Array.isArray(value) && value.every(isId) ? value : undefined;
}

function texts(json: JsonObject): { user?: string; group?: string; error?: string } {
  const user = asText(json['user']);
  const group = asText(json['group']);
  const error = asText(json['error']);
  return { ...(user && { user }), ...(group && { group }), ...(error && { error }) };
}

function parseLinkTarget(json: JsonObject): Bytes {
  return asBase64(json['linktarget_raw']) ?? Buffer.from(asText(json['linktarget']) ?? '', 'utf8');
}

function parseXattrs(list: readonly unknown[]): readonly NodeXattr[] {
  return list.filter(isJsonObject).flatMap((item) => {
    const name = asText(item['name']);
    return name === undefined ? [] : [{ name, value: asBase64(item['value']) ?? new Uint8Array() }];
  });
}

function asBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  const count = asCount(value);
  return count === undefined ? 0n : BigInt(count);
}
