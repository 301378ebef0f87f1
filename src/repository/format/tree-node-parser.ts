import type { Bytes } from '../../base/index.ts';
import { type BlobId, isId } from './blob.ts';
import { asBase64, asCount, asText, isJsonObject, type JsonObject, unquoteGo } from './go-text.ts';
import { parseGoTime } from './go-time.ts';
import { isNodeType, type NodeType, type NodeXattr, type TreeNode } from './tree-node.ts';

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

/** The largest numbers of 32 and of 64 bits. */
const most32 = 2 ** 32 - 1;
const most64 = 2n ** 64n - 1n;

/**
 * Reads the members of one node's JSON that have a meaning for what is restored. What is there and is no value of its kind
 * counts as zero and is named in `flaws`; what is not there counts as zero.
 */
class NodeFields {
  readonly #json: JsonObject;
  readonly #flaws: string[] = [];

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** What was no value of its kind, one phrase each. */
  get flaws(): readonly string[] {
    return this.#flaws;
  }

  /** A number of 32 bits, as modes and owners are. */
  word(key: string): number {
    const value = this.#json[key];
    const count = asCount(value);
    if (count !== undefined && count <= most32) return count;
    return this.#zero(key, value, `a number from 0 to ${most32}`, 0);
  }

  /** A number of bytes. */
  count(key: string): number {
    const value = this.#json[key];
    return asCount(value) ?? this.#zero(key, value, 'a number of bytes', 0);
  }

  /** A number of 64 bits. */
  long(key: string): bigint {
    const value = this.#json[key];
    const long = asLong(value);
    if (long !== undefined && long <= most64) return long;
    return this.#zero(key, value, `a number from 0 to ${most64}`, 0n);
  }

  /** An instant, by `parse`; nanoseconds since 1970. */
  time(key: string, parse: (text: string) => bigint | undefined = parseGoTime): bigint {
    const value = this.#json[key];
    const time = typeof value === 'string' ? parse(value) : undefined;
    return time ?? this.#zero(key, value, 'a time', 0n);
  }

  /** The extended attributes that can be set. */
  xattrs(key: string): readonly NodeXattr[] {
    const list = this.#json[key];
    if (!Array.isArray(list)) return this.#zero(key, list, 'a list', []);
    return list.flatMap((item: unknown) => {
      const xattr = isJsonObject(item) ? parseXattr(item) : undefined;
      if (xattr) return xattr;
      this.#flaw(key, isJsonObject(item) ? item['name'] : item, 'a name and a value');
      return [];
    });
  }

  #zero<T>(key: string, value: unknown, expected: string, zero: T): T {
    if (value !== undefined && value !== null) this.#flaw(key, value, expected);
    return zero;
  }

  #flaw(key: string, value: unknown, expected: string): void {
    this.#flaws.push(`${key} has ${shown(value)}, not ${expected}`);
  }
}

/** A number of 64 bits that may have come as a bigint, or undefined. */
function asLong(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  const count = asCount(value);
  return count === undefined ? undefined : BigInt(count);
}

/** Any value of a JSON for a message: never long, never nested. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'object' && value !== null ? 'an object or a list' : String(value);
}

/** Go writes an empty value that was never made as null. */
function parseXattr(item: JsonObject): NodeXattr | undefined {
  const name = asText(item['name']);
  const value: Bytes | undefined = item['value'] === null ? new Uint8Array() : asBase64(item['value']);
  const isUsable = name !== undefined && name !== '' && !name.includes('\0');
  return isUsable && value !== undefined ? { name, value } : undefined;
}
