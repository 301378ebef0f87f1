/** `?, ?, ?`: the places of `count` values in a statement. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/**
 * The values with the last one said again until there are a power of two of them, so that statements over lists have few
 * different texts: each is kept prepared.
 */
export function padded<T>(values: readonly [T, ...T[]]): T[] {
  const length = 2 ** Math.ceil(Math.log2(values.length));
  return Array.from({ length }, (_, index) => values[Math.min(index, values.length - 1)] as T);
}

/** The row of a statement that gives one whatever happens, as `INSERT … RETURNING` does. */
export function gaveRow<T>(row: T | undefined): T {
  if (row === undefined) throw new TypeError('a statement that always gives a row gave none');
  return row;
}
