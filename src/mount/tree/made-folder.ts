import { asBuffer, type Bytes } from '../../base/index.ts';
import type { TreeNode } from '../../repository/index.ts';
import { inodeOf, type ViewEntry, type ViewFolder } from './view.ts';

/** Something in a folder that no snapshot has. */
export interface MadeItem {
  readonly name: string;
  readonly node: TreeNode;
  readonly open?: (inode: number) => ViewFolder;
}

/** A folder that no snapshot has: of snapshots, or of folders of them. Its entries come and go. */
export class MadeFolder implements ViewFolder {
  readonly isFixed = false;
  readonly #inode: number;
  readonly #items: () => Promise<readonly MadeItem[]>;
  /** The place that each name was given, also when it is gone. */
  readonly #places = new Map<string, number>();
  #last: readonly MadeItem[] | undefined;
  #entries = new Map<number, ViewEntry>();

  /** @param items gives the same list as long as nothing has changed */
  constructor(inode: number, items: () => Promise<readonly MadeItem[]>) {
    this.#inode = inode;
    this.#items = items;
  }

  async list(from = 0): Promise<Iterable<ViewEntry>> {
    const entries = await this.#current();
    return [...entries.values()].filter(({ place }) => place >= from).sort((a, b) => a.place - b.place);
  }

  async find(name: Bytes): Promise<ViewEntry | undefined> {
    const entries = await this.#current();
    const place = this.#places.get(asBuffer(name).toString());
    const entry = place === undefined ? undefined : entries.get(place);
    return entry !== undefined && asBuffer(entry.name).equals(name) ? entry : undefined;
  }

  async at(place: number): Promise<ViewEntry | undefined> {
    return (await this.#current()).get(place);
  }

  async #current(): Promise<ReadonlyMap<number, ViewEntry>> {
    const items = await this.#items();
    if (items === this.#last) return this.#entries;
    this.#last = items;
    this.#entries = new Map(items.map((item) => this.#entryOf(item)).map((entry) => [entry.place, entry]));
    return this.#entries;
  }

  #entryOf({ name: text, node, open }: MadeItem): ViewEntry {
    const place = this.#places.get(text) ?? this.#places.size;
    this.#places.set(text, place);
    const name = Buffer.from(text);
    const inode = inodeOf(this.#inode, name);
    return { name, place, node, inode, ...(open !== undefined && { open: () => open(inode) }) };
  }
}
