/** The row of a statement that gives one whatever happens, as `INSERT … RETURNING` does. */
export function gaveRow<T>(row: T | undefined): T {
  if (row === undefined) throw new TypeError('a statement that always gives a row gave none');
  return row;
}
