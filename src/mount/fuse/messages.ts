import { asBuffer, type Bytes } from '../../base/index.ts';
import { permissionsOf, type TreeNode } from '../../repository/index.ts';

/** The version of the protocol that is spoken (linux/fuse.h): Linux 5.4 has it, and later ones come down to it. */
const protocol = { major: 7, minor: 31 } as const;

/** The requests that are answered (linux/fuse.h, `enum fuse_opcode`). */
export const opcodes = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  readlink: 5,
  open: 14,
  read: 15,
  statfs: 17,
  release: 18,
  getxattr: 22,
  listxattr: 23,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  readdirplus: 44,
} as const;

const headerBytes = 40;
const answerBytes = 16;

/** Which file or folder is meant: an entry of a folder that is held. Both halves of a nodeid. */
export interface NodeId {
  /** The number of the folder. */
  readonly folder: number;
  /** The place in it, and one: no number is 0. */
  readonly slot: number;
}

/** A request of the kernel. */
export interface FuseRequest {
  readonly opcode: number;
  readonly unique: number;
  readonly node: NodeId;
  readonly body: Buffer;
}

/** The header and the rest (`struct fuse_in_header`). */
export function parseRequest(bytes: Buffer): FuseRequest {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: Number(bytes.readBigUInt64LE(8)),
    node: nodeIdAt(bytes, 16),
    body: bytes.subarray(headerBytes),
  };
}

/** A number of a file or folder at `at`. */
export function nodeIdAt(bytes: Buffer, at: number): NodeId {
  return { slot: bytes.readUInt32LE(at), folder: bytes.readUInt32LE(at + 4) };
}

/** The name at the beginning of a body, up to its NUL. */
export function nameAt(body: Buffer, at = 0): Bytes {
  const end = body.indexOf(0, at);
  return body.subarray(at, end < 0 ? body.length : end);
}

/** What stands before an answer (`struct fuse_out_header`); `errno` is 0, or what went wrong. */
export function answerHeader(unique: number, length: number, errno: number): Bytes {
  const header = Buffer.allocUnsafe(answerBytes);
  header.writeUInt32LE(answerBytes + length, 0);
  header.writeInt32LE(-errno, 4);
  header.writeBigUInt64LE(BigInt(unique), 8);
  return header;
}

/** What the kernel is asked to do: read ahead, give attributes with names, ask large pieces at once. */
const wantedFlags =
  (1 << 0) | // FUSE_ASYNC_READ
  (1 << 13) | // FUSE_DO_READDIRPLUS
  (1 << 14) | // FUSE_READDIRPLUS_AUTO
  (1 << 15) | // FUSE_ASYNC_DIO
  (1 << 18) | // FUSE_PARALLEL_DIROPS
  (1 << 22); // FUSE_MAX_PAGES

const most = { background: 32, writeBytes: 4096, pages: 256 } as const;

/** The answer to the first request (`struct fuse_init_out`). */
export function encodeInit(body: Buffer): Bytes {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(protocol.major, 0);
  out.writeUInt32LE(protocol.minor, 4);
  out.writeUInt32LE(body.readUInt32LE(8), 8);
  out.writeUInt32LE((wantedFlags & body.readUInt32LE(12)) >>> 0, 12);
  out.writeUInt16LE(most.background, 16);
  out.writeUInt16LE((most.background * 3) / 4, 18);
  out.writeUInt32LE(most.writeBytes, 20);
  out.writeUInt32LE(1, 24);
  out.writeUInt16LE(most.pages, 28);
  return out;
}

/** What a file is and where. */
export interface Attributes {
  readonly node: TreeNode;
  readonly inode: number;
  /** Bytes of its content. */
  readonly size: number;
}

/** An entry that was found, and how long it stays so. */
export interface FoundEntry extends Attributes {
  readonly id: NodeId;
  readonly validSeconds: number;
}

/** Names and attributes of what can never change are asked for once a day. */
export const fixedSeconds = 86_400;

const attributeBytes = 88;
const entryBytes = 40 + attributeBytes;
const perSecond = 1_000_000_000n;

/** `struct fuse_entry_out`. */
export function encodeEntry(entry: FoundEntry): Bytes {
  const out = Buffer.alloc(entryBytes);
  writeEntry(out, 0, entry);
  return out;
}

/** That there is no such name, nor will be for some time. */
export function encodeNoEntry(validSeconds: number): Bytes {
  const out = Buffer.alloc(entryBytes);
  out.writeUInt32LE(validSeconds, 16);
  return out;
}

/** `struct fuse_attr_out`. */
export function encodeAttributes(attributes: Attributes, validSeconds: number): Bytes {
  const out = Buffer.alloc(16 + attributeBytes);
  out.writeUInt32LE(validSeconds, 0);
  writeAttributes(out, 16, attributes);
  return out;
}

/** How the kernel may keep what it reads of a file or folder (`FOPEN_…`). */
export const openFlags = { keepContent: 2, keepNames: 2 | 8 } as const;

/** `struct fuse_open_out`; no handle is needed. */
export function encodeOpen(flags: number): Bytes {
  const out = Buffer.alloc(16);
  out.writeUInt32LE(flags, 8);
  return out;
}

/** `struct fuse_statfs_out`: how large it is nobody knows. */
export function encodeStatfs(): Bytes {
  const out = Buffer.alloc(80);
  out.writeUInt32LE(512, 40);
  out.writeUInt32LE(255, 44);
  out.writeUInt32LE(512, 48);
  return out;
}

/** `struct fuse_getxattr_out`: how many bytes there are. */
export function encodeLength(length: number): Bytes {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(length, 0);
  return out;
}

/** Where reading of a file or folder begins, and the most that is taken (`struct fuse_read_in`). */
export function parseRead(body: Buffer): { readonly offset: number; readonly size: number } {
  return { offset: Number(body.readBigUInt64LE(8)), size: body.readUInt32LE(16) };
}

/** A name in a folder; with all of it (`struct fuse_direntplus`), or without (`struct fuse_dirent`). */
export interface ListedName {
  readonly name: Bytes;
  readonly inode: number;
  readonly type: TreeNode['type'];
  /** Where reading goes on behind it. */
  readonly next: number;
  readonly entry?: FoundEntry | undefined;
}

/** Fills an answer with names, no more than fit. */
export class NameList {
  readonly #out: Buffer;
  readonly #isPlus: boolean;
  #length = 0;

  constructor(maxBytes: number, isPlus: boolean) {
    this.#out = Buffer.alloc(Math.min(maxBytes, 2 ** 20));
    this.#isPlus = isPlus;
  }

  get bytes(): Bytes {
    return this.#out.subarray(0, this.#length);
  }

  /** Adds a name; whether it fitted. */
  add({ name, inode, type, next, entry }: ListedName): boolean {
    const head = this.#isPlus ? entryBytes : 0;
    const size = head + Math.ceil((24 + name.length) / 8) * 8;
    if (this.#length + size > this.#out.length) return false;
    const out = this.#out;
    if (entry !== undefined) writeEntry(out, this.#length, entry);
    const at = this.#length + head;
    writeLong(out, at, inode);
    writeLong(out, at + 8, next);
    out.writeUInt32LE(name.length, at + 16);
    out.writeUInt32LE(typeBits[type] >> 12, at + 20);
    out.set(name, at + 24);
    this.#length += size;
    return true;
  }
}

/** `S_IFMT` of each type (inode(7)). */
const typeBits: Readonly<Record<TreeNode['type'], number>> = {
  fifo: 0o01_0000,
  chardev: 0o02_0000,
  dir: 0o04_0000,
  dev: 0o06_0000,
  file: 0o10_0000,
  symlink: 0o12_0000,
  socket: 0o14_0000,
};

function writeEntry(out: Buffer, at: number, { id, validSeconds, ...attributes }: FoundEntry): void {
  out.writeUInt32LE(id.slot, at);
  out.writeUInt32LE(id.folder, at + 4);
  out.writeUInt32LE(validSeconds, at + 16);
  out.writeUInt32LE(validSeconds, at + 24);
  writeAttributes(out, at + 40, attributes);
}

/** `struct fuse_attr`. */
function writeAttributes(out: Buffer, at: number, { node, inode, size }: Attributes): void {
  writeLong(out, at, inode);
  writeLong(out, at + 8, size);
  writeLong(out, at + 16, Math.ceil(size / 512));
  for (const [number, timeNs] of [node.atimeNs, node.mtimeNs, node.ctimeNs].entries()) {
    const part = ((timeNs % perSecond) + perSecond) % perSecond;
    out.writeBigInt64LE(BigInt.asIntN(64, (timeNs - part) / perSecond), at + 24 + 8 * number);
    out.writeUInt32LE(Number(part), at + 48 + 4 * number);
  }
  out.writeUInt32LE(typeBits[node.type] | permissionsOf(node.mode), at + 60);
  out.writeUInt32LE(Math.max(1, node.type === 'dir' ? 1 : Math.min(node.links, 2 ** 32 - 1)), at + 64);
  out.writeUInt32LE(node.uid, at + 68);
  out.writeUInt32LE(node.gid, at + 72);
  // As Linux packs it into 32 bits, which are the low ones of what glibc makes of it.
  out.writeUInt32LE(Number(BigInt.asUintN(32, node.device)), at + 76);
  out.writeUInt32LE(4096, at + 80);
}

function writeLong(out: Buffer, at: number, value: number): void {
  out.writeUInt32LE(value % 2 ** 32, at);
  out.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

/** The names of extended attributes as listxattr(2) has them. */
export function encodeXattrNames(node: TreeNode): Bytes {
  return asBuffer(Buffer.from((node.xattrs ?? []).map(({ name }) => `${name}\0`).join('')));
}
