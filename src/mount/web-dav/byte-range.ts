/** Which bytes of a file are wanted. */
export interface ByteRange {
  readonly start: number;
  /** Behind the last one. */
  readonly end: number;
}

/**
 * Reads a `Range` header (RFC 9110, section 14.2): one range of bytes. Undefined where there is none, or one of another form, which is
 * passed over; `unsatisfiable` where it lies behind the end.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [first = '', last = ''] = found?.slice(1) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(first);
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}
