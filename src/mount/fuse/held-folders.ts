import type { Bytes } from '../../base/index.ts';
import { pathText } from '../../files/index.ts';
import type { ViewEntry, ViewFolder } from '../tree/view.ts';
import type { NodeId } from './messages.ts';

/** A folder that the kernel knows entries of, or that somebody looks into. */
export interface HeldFolder {
  readonly number: number;
  readonly folder: ViewFolder;
  readonly inode: number;
  /** The folder that it is an entry of, and where; undefined for what holds the root. */
  readonly above: { readonly held: HeldFolder; readonly slot: number; readonly name: Bytes } | undefined;
  /** Entries of it that are held as folders themselves, by their slots. */
  readonly below: Map<number, HeldFolder>;
  /** How often the kernel was told of an entry of it, less what it has forgotten. */
  lookups: number;
  /** Requests that work with it. */
  users: number;
}

/**
 * The folders whose entries the kernel knows: a nodeid is a folder's number and a place in it, so that nothing is kept of single files. What the kernel
 * has forgotten is let go.
 */
export class HeldFolders {
  readonly #held = new Map<number, HeldFolder>();
  #next = 0;

  /** @param outside the folder that has the root as its only entry */
  constructor(outside: ViewFolder) {
    this.#add(outside, 0, undefined).lookups = 1;
  }

  /** How many there are. */
  get size(): number {
    return this.#held.size;
  }

  get(number: number): HeldFolder | undefined {
    return this.#held.get(number);
  }

  /** What an entry of a held folder has in it; held from now on. */
  into(held: HeldFolder, { name, place, inode }: ViewEntry, open: () => ViewFolder): HeldFolder {
    const slot = place + 1;
    const known = held.below.get(slot);
    if (known !== undefined) return known;
    const inside = this.#add(open(), inode, { held, slot, name });
    held.below.set(slot, inside);
    return inside;
  }

  /** Does `work` with a folder that is not let go meanwhile. */
  async use<T>(held: HeldFolder, work: () => Promise<T>): Promise<T> {
    held.users++;
    try {
      return await work();
    } finally {
      held.users--;
      this.letGo(held);
    }
  }

  /** The kernel has forgotten an entry as often as it says. */
  forget({ folder }: NodeId, count: number): void {
    const held = this.#held.get(folder);
    if (held === undefined || held.above === undefined) return;
    held.lookups = Math.max(0, held.lookups - count);
    this.letGo(held);
  }

  /** Lets a folder go, and those above it, which nobody needs any more. */
  letGo(from: HeldFolder): void {
    for (let held: HeldFolder | undefined = from; held !== undefined && isFree(held); ) {
      const { above, number }: HeldFolder = held;
      if (above === undefined) return;
      this.#held.delete(number);
      above.held.below.delete(above.slot);
      held = above.held;
    }
  }

  #add(folder: ViewFolder, inode: number, above: HeldFolder['above']): HeldFolder {
    const number = this.#next++;
    const held = { number, folder, inode, above, below: new Map(), lookups: 0, users: 0 };
    this.#held.set(number, held);
    return held;
  }
}

function isFree({ lookups, users, below }: HeldFolder): boolean {
  return lookups === 0 && users === 0 && below.size === 0;
}

/** Where an entry of a held folder is, for messages. */
export function pathOf(held: HeldFolder, name: Bytes): string {
  const names = [pathText(name)];
  for (let above = held.above; above !== undefined; above = above.held.above)
    names.unshift(pathText(above.name));
  return names.join('/').replace(/^\/*/, '/');
}
