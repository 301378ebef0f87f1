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
