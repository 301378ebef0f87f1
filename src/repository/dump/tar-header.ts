import { isUtf8 } from 'node:buffer';
import { asBuffer, type Bytes, concatBytes } from '../../base/index.ts';
import { type NodeType, permissionsOf, type TreeNode } from '../format/tree-node.ts';

/** What an entry of an archive is, beside what its node says. */
export interface TarEntry {
  /** Raw, relative; a directory's ends with `/`. */
  readonly path: Bytes;
  readonly node: TreeNode;
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number;
  /** Of a further name of a file: the path of the first one. */
  readonly linkedTo?: Bytes;
}

/** Archives consist of blocks of so many bytes. */
export const tarBlock = 512;

/** What ends an archive. */
export const tarEnd: Bytes = Buffer.alloc(2 * tarBlock);

/** Which type of entry each node is (POSIX pax, "ustar Header Block", typeflag). Sockets cannot be archived. */
const typeFlags: Readonly<Record<Exclude<NodeType, 'socket'>, string>> = {
  file: '0',
  symlink: '2',
  chardev: '3',
  dev: '4',
  dir: '5',
  fifo: '6',
};
const hardLink = '1';

/**
 * The header of an entry (POSIX.1-2017, pax): a block of ustar, and before it, where that cannot say everything, an extended header: long or
 * odd names, large numbers, times to the nanosecond, extended attributes (`SCHILY.xattr`, as GNU tar and star write them).
 *
 * @throws TypeError for a socket
 */
export function encodeTarHeader(entry: TarEntry): Bytes {
  const { node, path, size, linkedTo } = entry;
  if (node.type === 'socket') throw new TypeError('a socket is no entry of an archive');
  const records: Bytes[] = [];
  const extend = (key: string, value: Bytes | string): void => void records.push(paxRecord(key, value));
  const link = linkedTo ?? node.linkTarget ?? Buffer.alloc(0);
  if (!isUtf8(path) || !isUtf8(link)) extend('hdrcharset', 'BINARY');
  const header = new UstarHeader(extend);
  header.text('path', path);
  header.number('mode', permissionsOf(node.mode));
  header.number('uid', node.uid);
  header.number('gid', node.gid);
  header.number('size', size);
  header.time(node.mtimeNs);
  header.flag(linkedTo === undefined ? typeFlags[node.type] : hardLink);
  header.text('linkpath', link);
  header.text('uname', Buffer.from(node.user ?? ''));
  header.text('gname', Buffer.from(node.group ?? ''));
  header.device(node.device);
  for (const { name, value } of node.xattrs ?? []) extend(`SCHILY.xattr.${name}`, value);
  return concatBytes(...(records.length === 0 ? [] : [extendedHeader(records)]), header.encode());
}

/** Fills content of `size` bytes up to whole blocks. */
export function tarPadding(size: number): Bytes {
  return Buffer.alloc((tarBlock - (size % tarBlock)) % tarBlock);
}

/** Where each field is, and how long it may be. */
const fields = {
  path: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  linkpath: [157, 100],
  uname: [265, 32],
  gname: [297, 32],
  devmajor: [329, 8],
  devminor: [337, 8],
} as const;
const checksumAt = 148;
const typeAt = 156;
const magicAt = 257;

/** One block of ustar. What does not fit into its field is told to `extend`. */
class UstarHeader {
  readonly #block = Buffer.alloc(tarBlock);
  readonly #extend: (key: string, value: Bytes | string) => void;

  constructor(extend: (key: string, value: Bytes | string) => void) {
    this.#extend = extend;
    this.#block.write('ustar\x0000', magicAt, 'latin1');
  }

  text(field: 'path' | 'linkpath' | 'uname' | 'gname', value: Bytes): void {
    const [at, length] = fields[field];
    if (value.length > length) this.#extend(field, value);
    this.#block.set(value.subarray(0, length), at);
  }

  number(field: 'mode' | 'uid' | 'gid' | 'size' | 'mtime' | 'devmajor' | 'devminor', value: number): void {
    const [at, length] = fields[field];
    const digits = value.toString(8);
    const fits = value >= 0 && digits.length < length;
    if (!fits) this.#extend(field, String(value));
    this.#block.write((fits ? digits : '').padStart(length - 1, '0'), at, 'latin1');
  }

  time(mtimeNs: bigint): void {
    const perSecond = 1_000_000_000n;
    const part = ((mtimeNs % perSecond) + perSecond) % perSecond;
    const seconds = (mtimeNs - part) / perSecond;
    if (part === 0n) return this.number('mtime', Number(seconds));
    this.#extend('mtime', decimal(mtimeNs));
    this.#block.write(
      Math.max(0, Number(seconds)).toString(8).padStart(11, '0').slice(-11),
      fields.mtime[0],
      'latin1',
    );
  }

  flag(type: string): void {
    this.#block.write(type, typeAt, 'latin1');
  }

  /** As Linux packs the two numbers of a device into one (glibc, sys/sysmacros.h). */
  device(device: bigint): void {
    this.number('devmajor', Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n)));
    this.number('devminor', Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n)));
  }

  encode(): Bytes {
    this.#block.fill(' ', checksumAt, checksumAt + 8);
    const sum = this.#block.reduce((all, byte) => all + byte, 0);
    this.#block.write(`${sum.toString(8).padStart(6, '0')}\0 `, checksumAt, 'latin1');
    return this.#block;
  }
}

/** Seconds with nine places, `-0.500000000` for half a second before 1970. */
function decimal(ns: bigint): string {
  const [sign, size] = ns < 0n ? ['-', -ns] : ['', ns];
  const digits = String(size).padStart(10, '0');
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

/** A header of its own, whose content is the records. */
function extendedHeader(records: readonly Bytes[]): Bytes {
  const content = concatBytes(...records);
  const header = new UstarHeader(() => {});
  header.text('path', Buffer.from('././@PaxHeader'));
  header.number('mode', 0o644);
  for (const field of ['uid', 'gid', 'mtime'] as const) header.number(field, 0);
  header.number('size', content.length);
  header.flag('x');
  return concatBytes(header.encode(), content, tarPadding(content.length));
}

/** `LENGTH KEY=VALUE\n`, whose length counts its own digits. */
function paxRecord(key: string, value: Bytes | string): Bytes {
  const rest = concatBytes(Buffer.from(` ${key}=`), asBuffer(Buffer.from(value)), Buffer.from('\n'));
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return concatBytes(Buffer.from(String(length)), rest);
}
