import { HoldfastError } from '../base/index.ts';
import { type ByteRange, checkRange, formatObjectRef, type ObjectRef, rangeError } from '../storage/index.ts';
import { answerMalformed, type HttpAnswer } from '../transport/index.ts';

/** An answer whose body is an object, or the part asked for. */
export interface OpenedObject {
  readonly answer: HttpAnswer;
  /** Bytes of the body. */
  readonly length: number;
}

/** The header that asks for `range`. */
export function rangeHeader(range: ByteRange | undefined): Readonly<Record<string, string>> {
  if (range === undefined) return {};
  checkRange(range);
  const { offset, length } = range;
  return { range: `bytes=${offset}-${length === undefined ? '' : offset + length - 1}` };
}

/**
 * The object, or part of it, that is in an answer, which is closed where it announces something else.
 * @throws HoldfastError `range_not_satisfiable`, `storage_failed`, `answer_malformed`
 */
export function objectIn(answer: HttpAnswer, ref: ObjectRef, range: ByteRange | undefined): OpenedObject {
  try {
    const length = announcedLength(answer, ref, range);
    checkSize(ref, length, answer.host);
    return { answer, length };
  } catch (error) {
    answer.close();
    throw error;
  }
}

/** What is left of a range, or of the whole, after `done` bytes of it have come. */
export function remainingRange(range: ByteRange | undefined, done: number): ByteRange | undefined {
  if (done === 0) return range;
  const { offset, length } = range ?? { offset: 0 };
  return length === undefined ? { offset: offset + done } : { offset: offset + done, length: length - done };
}

/**
 * The number of bytes that the answer to a GET announces; throws unless they are exactly those that were asked for.
 * A server may answer a range past the end with what there is, which is not what was asked for.
 */
function announcedLength(answer: HttpAnswer, ref: ObjectRef, range: ByteRange | undefined): number {
  const rangeText = answer.message.headers['content-range'];
  const length = contentLength(answer, ref);
  if (range === undefined) {
    if (answer.status !== 200) throw answerError(ref, `status ${answer.status} without a range`);
    return length;
  }
  const [, start, end, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(rangeText ?? '') ?? [];
  if (answer.status !== 206 || Number(start) !== range.offset) {
    throw answerError(ref, `status ${answer.status}, content-range ${rangeText}`);
  }
  const wanted = range.length ?? Number(total) - range.offset;
  if (Number(end) - range.offset + 1 !== wanted) throw rangeError(ref, range, Number(total));
  if (length !== wanted) throw answerError(ref, `content-length ${length} for ${wanted} bytes`);
  return length;
}

/** The size that an answer announces. */
export function contentLength({ message }: HttpAnswer, ref: ObjectRef): number {
  const text = message.headers['content-length'];
  const length = Number(text ?? Number.NaN);
  if (!Number.isSafeInteger(length) || length < 0) throw answerError(ref, `content-length ${text}`);
  return length;
}

/** That a server broke the protocol. */
function answerError(ref: ObjectRef, found: string): HoldfastError {
  return new HoldfastError('storage_failed', `reading ${formatObjectRef(ref)}: the server answered ${found}`);
}

const mebibyte = 1024 ** 2;

/** Larger than any that a client makes. */
const maxBytes: Readonly<Record<ObjectRef['type'], number>> = {
  config: mebibyte,
  keys: mebibyte,
  locks: mebibyte,
  snapshots: 64 * mebibyte,
  index: 1024 * mebibyte,
  data: Number.POSITIVE_INFINITY,
};

function checkSize(ref: ObjectRef, length: number, host: string): void {
  if (length <= maxBytes[ref.type]) return;
  throw answerMalformed(host, `it answers with ${length} bytes for ${formatObjectRef(ref)}`);
}
