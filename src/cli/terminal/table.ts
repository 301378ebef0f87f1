/** A column of a table: its heading, and whether it is the first to become narrower on a terminal that is too narrow. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  readonly shrink?: boolean;
}

const gap = '  ';

/**
 * Lines of a table that is at most `width` characters wide: columns as wide as their widest cell, and where that is too
 * much, those marked `shrink` narrower, with their text going on in the next line; where that does not do, other texts
 * too. Control characters in cells are shown as `?`, since names on a disk are somebody else's words and must not steer the
 * terminal.
 */
export function formatTable(columns: readonly Column[], rows: readonly string[][], width: number): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = columns.map((column, at) =>
    Math.max(column.heading.length, ...clean.map((row) => row[at]?.length ?? 0)),
  );
  narrow(columns, clean, widths, width);
  return [columns.map((column) => column.heading), ...clean].flatMap((row) =>
    formatRow(columns, row, widths),
  );
}

/** `text` with control and bidirectional override characters replaced, safe to print on a terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

/** No narrower than this, lest a word stands there letter by letter. */
const leastWidth = 8;

/** First down to the longest word of a column, then below it: words are broken only where nothing else helps. */
function narrow(
  columns: readonly Column[],
  rows: readonly string[][],
  widths: number[],
  width: number,
): void {
  const longestWord = (at: number): number =>
    Math.max(leastWidth, ...rows.map((row) => longest((row[at] ?? '').split(/[ ,]/))));
  const shrinking = columns.map(({ shrink = false }) => shrink);
  const texts = columns.map(({ align }) => align !== 'right');
  for (const [may, least] of [
    [shrinking, longestWord],
    [texts, longestWord],
    [shrinking, () => leastWidth],
    [texts, () => leastWidth],
  ] as const)
    for (const [at, { heading }] of columns.entries()) {
      const excess = widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1)) - width;
      if (excess <= 0) return;
      const now = widths[at] ?? 0;
      if (may[at] === true) widths[at] = Math.min(now, Math.max(heading.length, least(at), now - excess));
    }
}

function longest(words: readonly string[]): number {
  return Math.max(...words.map(({ length }) => length));
}

/** One row, on as many lines as its longest cell needs. */
function formatRow(
  columns: readonly Column[],
  cells: readonly string[],
  widths: readonly number[],
): string[] {
  const parts = columns.map((_, at) => {
    const cell = cells[at] ?? '';
    const width = widths[at] ?? 0;
    return cell.length <= width ? [cell] : wrap(cell, width);
  });
  return Array.from({ length: Math.max(...parts.map(({ length }) => length)) }, (_, at) =>
    columns
      .map(({ align }, column) => pad(parts[column]?.[at] ?? '', widths[column] ?? 0, align))
      .join(gap)
      .trimEnd(),
  );
}

function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/**
 * `text` on lines of at most `width` characters, broken between words; blanks between words of one line stay as they are. A
 * word that is longer than a line is broken behind one of its signs, else where the line ends, and nothing of it is lost. `indent` stands before every line
 * but the first, which is taken to have its own.
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  let blanks = '';
  for (const part of text.split(/( +)/)) {
    if (part === '' || part.startsWith(' ')) {
      blanks = part;
      continue;
    }
    if (line.trim() !== '' && line.length + blanks.length + part.length > width) {
      lines.push(line);
      line = indent;
      blanks = '';
    }
    line += blanks + part;
    // Below an indent nobody can read anything, and none would be no end.
    while (line.length > Math.max(width, indent.length + 1)) {
      const end = endWithin(line, width, indent.length);
      lines.push(line.slice(0, end));
      line = indent + line.slice(end);
    }
  }
  return line.trim() === '' && lines.length > 0 ? lines : [...lines, line];
}

function endWithin(line: string, width: number, indent: number): number {
  const end = Math.max(width, indent + 1);
  const sign = line.slice(0, end).search(/[,:;/.-][^,:;/.-]*$/);
  return sign >= indent ? sign + 1 : end;
}

/**
 * The same for the lines of a help. A paragraph with a line that is too long is wrapped as a whole, columns go on below the
 * last of them, and an example so that a shell takes it as one command.
 */
export function wrapHelp(text: string, width: number): string {
  return paragraphs(text.split('\n'))
    .flatMap((lines) => {
      if (lines.every(({ length }) => length <= width)) return lines;
      const [first = ''] = lines;
      if (!first.startsWith(' ')) return wrap(lines.join(' '), width);
      const column = /\S {2,}(?=\S)/.exec(first);
      if (column !== null) return wrap(first, width, ' '.repeat(column.index + column[0].length));
      const parts = wrap(first, width - 2, '    ');
      return parts.map((part, at) => (at < parts.length - 1 ? `${part} \\` : part));
    })
    .join('\n');
}

/** Lines that belong together: those that are not set in, one after the other. */
function paragraphs(lines: readonly string[]): string[][] {
  const all: string[][] = [];
  for (const line of lines) {
    const last = all.at(-1);
    const goesOn = isProse(line) && last !== undefined && last.every(isProse);
    if (goesOn) last.push(line);
    else all.push([line]);
  }
  return all;
}

function isProse(line: string): boolean {
  return line !== '' && !line.startsWith(' ');
}
