import type { Bytes } from '../../base/index.ts';
import type { TreeNode } from '../../repository/index.ts';

/** Something in a folder of a view. */
export interface ViewEntry {
  /** Raw, one plain component. */
  readonly name: Bytes;
  /** Which of its folder's entries it is: the same for as long as that folder is held. */
  readonly place: number;
  /** What it is, as trees have it. */
  readonly node: TreeNode;
  /** The number by which programs know it again (st_ino): names of one file have the same. */
  readonly inode: number;
  /** What is in it; folders only. */
  readonly open?: () => ViewFolder;
}

/** A folder of a view: snapshots as files and folders that can be read. */
export interface ViewFolder {
  /** Whether it can never have other entries. */
  readonly isFixed: boolean;
  /** Its entries from a place on. @throws HoldfastError `repository_damaged` */
  list(from?: number): Promise<Iterable<ViewEntry>>;
  /** The entry of a name. */
  find(name: Bytes): Promise<ViewEntry | undefined>;
  /** The entry at a place; undefined when it is gone. */
  at(place: number): Promise<ViewEntry | undefined>;
}

/**
 * A number for what is called `name` in the folder that has the number `folder`: always the same, with 53 bits, and with hardly ever
 * two alike among millions.
 */
export function inodeOf(folder: number, name: Bytes): number {
  // cyrb53 over the bytes of both.
  let low = 0xdeadbeef ^ (folder >>> 0);
  let high = 0x41c6ce57 ^ Math.floor(folder / 2 ** 32);
  for (const byte of name) {
    low = Math.imul(low ^ byte, 2654435761);
    high = Math.imul(high ^ byte, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return 2 ** 32 * (high & 0x1f_ffff) + (low >>> 0) || 2;
}
