/** A column of a table: its heading, and whether it may be shortened when the terminal is too narrow. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  readonly shrink?: boolean;
}

const gap = '  ';

/**
 * Lines of a table that is at most `width` characters wide: columns as wide as their widest cell, those marked
 * `shrink` cut with `…` until the rest fits. Control characters in cells are shown as `?`, since names on a disk
 * are somebody else's words and must not steer the terminal.
 */
export function formatTable(columns: readonly Column[], rows: readonly string[][], width: number): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = columns.map((column, at) =>
    Math.max(column.heading.length, ...clean.map((row) => row[at]?.length ?? 0)),
  );
  shrinkToFit(columns, widths, width);
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => fit(cells[at] ?? '', widths[at] ?? 0, column.align ?? 'left'))
      .join(gap)
      .trimEnd();
  return [line(columns.map((column) => column.heading)), ...clean.map(line)];
}

/** `text` with control and bidirectional override characters replaced, safe to print on a terminal. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?');
}

function shrinkToFit(columns: readonly Column[], widths: number[], width: number): void {
  const total = (): number => widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1));
  for (const [at, column] of columns.entries()) {
    const excess = total() - width;
    if (excess <= 0) return;
    if (column.shrink) widths[at] = Math.max(column.heading.length, 8, (widths[at] ?? 0) - excess);
  }
}

function fit(text: string, width: number, align: 'left' | 'right'): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return align === 'right' ? cut.padStart(width) : cut.padEnd(width);
}
