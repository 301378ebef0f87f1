import { HoldfastError } from '../base/index.ts';
import { type ByteRange, formatObjectRef, type ObjectRef } from './object-store.ts';

/** A part of an object of known size: `length` bytes from `offset` on, all of them inside. */
export interface ResolvedRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The part of an object of `size` bytes that `range` means; all of it when there is none.
 * A range that is not wholly inside is `range_not_satisfiable`, one that means no bytes a `TypeError`.
 */
export function resolveRange(ref: ObjectRef, size: number, range: ByteRange | undefined): ResolvedRange {
  if (range === undefined) return { offset: 0, length: size };
  checkRange(range);
  const { offset, length = size - offset } = range;
  if (offset >= size || offset + length > size) throw rangeError(ref, range, size);
  return { offset, length };
}

/** Refuses, as a programmer's mistake, a range that no object could satisfy. */
export function checkRange({ offset, length }: ByteRange): void {
  if (!Number.isSafeInteger(offset) || offset < 0) throw new TypeError(`range offset ${offset}`);
  if (length !== undefined && (!Number.isSafeInteger(length) || length < 1)) {
    throw new TypeError(`range length ${length}`);
  }
}

/** The `range_not_satisfiable` of reading `range` from an object of `size` bytes, when the size is known. */
export function rangeError(ref: ObjectRef, range: ByteRange, size?: number): HoldfastError {
  const wanted = range.length === undefined ? `from ${range.offset}` : `${range.length} from ${range.offset}`;
  const found = size === undefined ? '' : `, which has ${size}`;
  return new HoldfastError(
    'range_not_satisfiable',
    `bytes ${wanted} are not all inside ${formatObjectRef(ref)}${found}`,
  );
}
