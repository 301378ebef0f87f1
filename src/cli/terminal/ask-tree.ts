import { emitKeypressEvents, type Key } from 'node:readline';
import { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { printable } from './table.ts';
import { type TreeItem, type TreeLine, type TreeMove, TreePicker } from './tree-picker.ts';

const keys: Readonly<Record<string, TreeMove>> = {
  up: 'up',
  down: 'down',
  pageup: 'page-up',
  pagedown: 'page-down',
  home: 'first',
  end: 'last',
  right: 'open',
  left: 'close',
  space: 'mark',
};

const help = 'arrow keys move, open and close; space marks; Enter goes on';

/**
 * Has somebody at the terminal walk a tree and mark things in it; at least one of them.
 * @throws HoldfastError `interrupted` when they give up, by Ctrl-C or Escape
 */
export async function askTree<T extends TreeItem<T>>(
  context: Context,
  message: string,
  root: T,
): Promise<readonly T[]> {
  const picker = new TreePicker(root);
  await picker.openFirst();
  const screen = new TreeScreen(process.stderr, message, picker);
  const { stdin } = process;
  const answer = Promise.withResolvers<void>();
  let work = Promise.resolve();
  const onKey = (_text: string | undefined, key: Key): void => {
    work = work.then(async () => await take(picker, screen, key, answer)).catch(answer.reject);
  };
  const giveUp = (): void => answer.reject(interrupted());
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on('keypress', onKey).resume();
  context.signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (context.signal.aborted) giveUp();
    screen.draw();
    await answer.promise;
    return picker.picked;
  } finally {
    context.signal.removeEventListener('abort', giveUp);
    stdin.off('keypress', onKey).pause();
    stdin.setRawMode(false);
    screen.close();
  }
}

async function take<T extends TreeItem<T>>(
  picker: TreePicker<T>,
  screen: TreeScreen<T>,
  { name = '', ctrl }: Key,
  answer: PromiseWithResolvers<void>,
): Promise<void> {
  if (name === 'escape' || (ctrl === true && name === 'c')) return answer.reject(interrupted());
  if (name === 'return' || name === 'enter') {
    if (picker.picked.length > 0) return answer.resolve();
    picker.problem = 'nothing is marked yet';
  }
  const move = keys[name];
  if (move !== undefined) await picker.move(move);
  screen.draw();
}

function interrupted(): HoldfastError {
  return new HoldfastError('interrupted', 'no answer was given, and nothing was done');
}

/** Lines that are not of the tree: the question, and what is said below it. */
const otherLines = 3;
const leastLines = 3;

/** Draws a tree where the last drawing was. */
class TreeScreen<T extends TreeItem<T>> {
  readonly #stream: NodeJS.WriteStream;
  readonly #message: string;
  readonly #picker: TreePicker<T>;
  #drawn = 0;
  /** The first line that is shown. */
  #top = 0;

  constructor(stream: NodeJS.WriteStream, message: string, picker: TreePicker<T>) {
    this.#stream = stream;
    this.#message = message;
    this.#picker = picker;
  }

  draw(): void {
    const { lines, cursor, picked, problem } = this.#picker;
    const height = Math.max(leastLines, (this.#stream.rows || 24) - otherLines - 1);
    this.#top = Math.min(Math.max(this.#top, cursor - height + 1), cursor);
    const shown = lines
      .slice(this.#top, this.#top + height)
      .map((line, at) => this.#line(line, this.#top + at));
    this.#show([`${this.#message} (${help})`, ...shown, problem || `${picked.length} marked`]);
  }

  /** Leaves what was answered. */
  close(): void {
    const names = this.#picker.picked.map(({ name }) => name);
    this.#show([`${this.#message}  ${names.length > 3 ? `${names.length} marked` : names.join(' ')}`]);
  }

  #line(line: TreeLine<T>, at: number): string {
    const { item, depth, isOpen } = line;
    const pointer = at === this.#picker.cursor ? '>' : ' ';
    const mark = this.#picker.isMarked(line) ? '[x]' : '[ ]';
    const sign = item.open === undefined ? ' ' : isOpen ? '-' : '+';
    return `${pointer} ${mark} ${'  '.repeat(Math.min(depth, 20))}${sign} ${item.name}  ${item.detail}`;
  }

  #show(lines: readonly string[]): void {
    const width = Math.max(20, (this.#stream.columns || 80) - 1);
    const text = lines
      .map((line) => `${Array.from(printable(line)).slice(0, width).join('').trimEnd()}\n`)
      .join('');
    const back = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[J`;
    this.#stream.write(back + text);
    this.#drawn = lines.length;
  }
}
