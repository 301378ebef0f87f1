/** Something that can be picked, and perhaps looked into. */
export interface TreeItem<T> {
  /** As it is shown. */
  readonly name: string;
  /** What else is shown of it. */
  readonly detail: string;
  /** What is in it; only of what can be looked into. */
  readonly open?: () => Promise<readonly T[]>;
}

/** A line of the tree. */
export interface TreeLine<T> {
  readonly item: T;
  readonly depth: number;
  readonly above: TreeLine<T> | undefined;
  isOpen: boolean;
  /** What is in it, once it was looked into. */
  inside?: readonly TreeLine<T>[];
}

/** What a key does to a {@link TreePicker}. */
export type TreeMove = 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last' | 'open' | 'close' | 'mark';

const pageLines = 10;

/** A tree to walk and to mark things in. What is marked is marked with all that is in it. */
export class TreePicker<T extends TreeItem<T>> {
  readonly #root: TreeLine<T>;
  readonly #marked = new Set<TreeLine<T>>();
  #lines: readonly TreeLine<T>[];
  #cursor = 0;
  /** Why the last thing could not be done; empty when it was. */
  problem = '';

  constructor(root: T) {
    this.#root = { item: root, depth: 0, above: undefined, isOpen: false };
    this.#lines = [this.#root];
  }

  /** All that is open, from the top. */
  get lines(): readonly TreeLine<T>[] {
    return this.#lines;
  }

  /** Which of them one stands on. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What is marked, in the order of the tree. */
  get picked(): readonly T[] {
    return allLines(this.#root, true)
      .filter((line) => this.#marked.has(line))
      .map(({ item }) => item);
  }

  /** Whether it is marked itself, or in something that is. */
  isMarked(line: TreeLine<T>): boolean {
    return this.#marked.has(line) || this.#markedAbove(line) !== undefined;
  }

  /** Opens the root, and what is alone in it, down to where there is something to choose. */
  async openFirst(): Promise<void> {
    await this.move('open');
    while (this.#lines.length === this.#cursor + 2) {
      if (this.#lines[this.#cursor + 1]?.item.open === undefined) return;
      await this.move('down');
      await this.move('open');
    }
  }

  async move(move: TreeMove): Promise<void> {
    this.problem = '';
    const line = this.#lines[this.#cursor] ?? this.#root;
    const last = this.#lines.length - 1;
    if (move === 'open') await this.#open(line);
    else if (move === 'close') this.#close(line);
    else if (move === 'mark') this.#mark(line);
    else {
      const to = {
        up: this.#cursor - 1,
        down: this.#cursor + 1,
        'page-up': this.#cursor - pageLines,
        'page-down': this.#cursor + pageLines,
        first: 0,
        last,
      }[move];
      this.#cursor = Math.min(Math.max(to, 0), last);
    }
  }

  /** One that is open leads to the first in it. */
  async #open(line: TreeLine<T>): Promise<void> {
    const { open } = line.item;
    if (open === undefined) return;
    if (line.isOpen) return await this.move('down');
    try {
      line.inside ??= (await open()).map((item) => ({
        item,
        depth: line.depth + 1,
        above: line,
        isOpen: false,
      }));
    } catch (error) {
      this.problem = error instanceof Error ? error.message : String(error);
      return;
    }
    line.isOpen = true;
    this.#lines = allLines(this.#root, false);
  }

  /** One that is not open leads to what it is in. */
  #close(line: TreeLine<T>): void {
    if (line.isOpen) {
      line.isOpen = false;
      this.#lines = allLines(this.#root, false);
    } else if (line.above !== undefined) this.#cursor = this.#lines.indexOf(line.above);
  }

  #mark(line: TreeLine<T>): void {
    const above = this.#markedAbove(line);
    if (above !== undefined) {
      this.problem = `all of ${above.item.name} is marked: unmark that first`;
      return;
    }
    if (this.#marked.delete(line)) return;
    for (const marked of this.#marked) if (isBelow(marked, line)) this.#marked.delete(marked);
    this.#marked.add(line);
  }

  #markedAbove(line: TreeLine<T>): TreeLine<T> | undefined {
    for (let { above } = line; above !== undefined; { above } = above)
      if (this.#marked.has(above)) return above;
    return undefined;
  }
}

function isBelow<T>(line: TreeLine<T>, other: TreeLine<T>): boolean {
  for (let { above } = line; above !== undefined; { above } = above) if (above === other) return true;
  return false;
}

/** A line and those below it; of folders that are closed only where `all` are wanted. */
function allLines<T>(root: TreeLine<T>, all: boolean): TreeLine<T>[] {
  const found: TreeLine<T>[] = [];
  const waiting = [root];
  for (let line = waiting.pop(); line !== undefined; line = waiting.pop()) {
    found.push(line);
    if (all || line.isOpen) waiting.push(...(line.inside ?? []).toReversed());
  }
  return found;
}
