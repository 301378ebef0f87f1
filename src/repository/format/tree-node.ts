import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes } from '../../base/index.ts';
import type { BlobId } from './blob.ts';
import type { NodeType } from './file-mode.ts';
import { goJsonString } from './go-json.ts';
import { quoteGo } from './go-quote.ts';
import { encodeGoTime } from './go-time.ts';
import { decodeGoText } from './go-utf8.ts';

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
  json += `,"content":${encodeContent(node)}`;
  if (node.subtree) json += `,"subtree":"${node.subtree}"`;
  if (node.error) json += `,"error":${goJsonString(node.error)}`;
  return `${json}}`;
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

function encodeContent(node: TreeNode): string {
  if (node.type !== 'file') return 'null';
  const content = node.content ?? [];
  return content.length === 0 ? '[]' : `["${content.join('","')}"]`;
}
