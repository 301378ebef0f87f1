import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobId } from './blob.ts';
import { decodeGoText, goJsonString, quoteGo } from './go-text.ts';
import { encodeGoTime } from './go-time.ts';

/** An extended attribute of a file. */
export interface NodeXattr {
  readonly name: string;
  readonly value: Bytes;
}

/** One entry of a directory, as a tree blob keeps it (restic design document, "Trees and Data"). */
export interface TreeNode {
  /** The raw bytes of the name, in whatever encoding the file system had. */
  readonly name: Bytes;
  readonly type: NodeType;
  /** A number of Go's os.FileMode; `toGoMode` and `permissionsOf` translate. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** The same as `mtimeNs` unless access times were asked for. */
  readonly atimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly user?: string;
  readonly group?: string;
  /** 64 bits on some file systems. */
  readonly inode: bigint;
  /** st_dev. */
  readonly deviceId: bigint;
  /** Bytes; 0 for everything that is not a file. */
  readonly size: number;
  /** Number of hard links; 0 where it is not kept (directories, pipes). */
  readonly links: number;
  /** Raw bytes; symbolic links only. */
  readonly linkTarget?: Bytes;
  readonly xattrs?: readonly NodeXattr[];
  /** st_rdev, of devices only. */
  readonly device: bigint;
  /** The data blobs that make up the content in order; files only, and always there. */
  readonly content?: readonly BlobId[];
  /** The tree blob; directories only, and always there. */
  readonly subtree?: BlobId;
  /** What went wrong when it was saved. */
  readonly error?: string;
}

/**
 * The JSON of a node exactly as restic writes it, key order and escapes included, so that both store a directory
 * that has not changed as the same blob.
 */
export function encodeNode(node: TreeNode): string {
  let json = `${encodeNodeHead(node)},"content":${node.type === 'file' ? encodeContent(node.content) : 'null'}`;
  if (node.subtree) json += `,"subtree":"${node.subtree}"`;
  if (node.error) json += `,"error":${goJsonString(node.error)}`;
  return `${json}}`;
}

/** The same of a file, from what {@link encodeNodeHead} says. */
export function encodeFile(head: string, content: readonly BlobId[]): string {
  return `${head},"content":${encodeContent(content)}}`;
}

/** The same of a directory. */
export function encodeDirectory(head: string, subtree: BlobId): string {
  return `${head},"content":null,"subtree":"${subtree}"}`;
}

/** The beginning of {@link encodeNode}: all that the file system says but what is in it. */
export function encodeNodeHead(node: TreeNode): string {
  const mtime = encodeGoTime(node.mtimeNs);
  const atime = node.atimeNs === node.mtimeNs ? mtime : encodeGoTime(node.atimeNs);
  const ctime = node.ctimeNs === node.mtimeNs ? mtime : encodeGoTime(node.ctimeNs);
  let json = `{"name":${goJsonString(quoteGo(node.name))},"type":"${node.type}"`;
  if (node.mode !== 0) json += `,"mode":${node.mode}`;
  json += `,"mtime":"${mtime}","atime":"${atime}","ctime":"${ctime}"`;
  json += `,"uid":${node.uid},"gid":${node.gid}`;
  if (node.user) json += `,"user":${goJsonString(node.user)}`;
  if (node.group) json += `,"group":${goJsonString(node.group)}`;
  if (node.inode !== 0n) json += `,"inode":${node.inode}`;
  if (node.deviceId !== 0n) json += `,"device_id":${node.deviceId}`;
  if (node.size !== 0) json += `,"size":${node.size}`;
  if (node.links !== 0) json += `,"links":${node.links}`;
  if (node.linkTarget) json += encodeLinkTarget(node.linkTarget);
  if (node.xattrs?.length) json += `,"extended_attributes":[${node.xattrs.map(encodeXattr).join(',')}]`;
  if (node.device !== 0n) json += `,"device":${node.device}`;
  return json;
}

function encodeLinkTarget(target: Bytes): string {
  const buffer = asBuffer(target);
  if (buffer.length === 0) return '';
  const text = `,"linktarget":${goJsonString(decodeGoText(buffer))}`;
  return isUtf8(buffer) ? text : `${text},"linktarget_raw":"${buffer.toString('base64')}"`;
}

function encodeXattr(xattr: NodeXattr): string {
  return `{"name":${goJsonString(xattr.name)},"value":"${asBuffer(xattr.value).toString('base64')}"}`;
}

function encodeContent(content: readonly BlobId[] = []): string {
  return content.length === 0 ? '[]' : `["${content.join('","')}"]`;
}

/** What a node of a tree is. Sockets are kept as names only; anything else is not stored. */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket';

/** The bits with which Go's os.FileMode marks each type (Go, io/fs, "FileMode"). */
const typeBits: Readonly<Record<NodeType, number>> = {
  file: 0,
  dir: 2 ** 31,
  symlink: 2 ** 27,
  dev: 2 ** 26,
  chardev: 2 ** 26 + 2 ** 21,
  fifo: 2 ** 25,
  socket: 2 ** 24,
};

/** The three permission bits that Go keeps elsewhere than POSIX: POSIX value, Go value. */
const specialBits: readonly (readonly [number, number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** Whether `value` is one of the node types. */
export function isNodeType(value: unknown): value is NodeType {
  return typeof value === 'string' && Object.hasOwn(typeBits, value);
}

/** Go's os.FileMode number for a type and POSIX permissions (0 to 07777). */
export function toGoMode(type: NodeType, permissions: number): number {
  return specialBits.reduce(
    (mode, [posix, go]) => ((permissions & posix) === 0 ? mode : mode + go),
    typeBits[type] + (permissions & 0o777),
  );
}

/** The POSIX permissions (0 to 07777) in a number of Go's os.FileMode. */
export function permissionsOf(goMode: number): number {
  return specialBits.reduce(
    (permissions, [posix, go]) => ((goMode & go) === 0 ? permissions : permissions + posix),
    goMode & 0o777,
  );
}
