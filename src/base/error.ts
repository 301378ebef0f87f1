import type { ErrorCode } from './errors/catalogue.ts';

/** What an expected failure says beyond its message. */
export interface HoldfastErrorOptions {
  /** The next step, usually a command; printed on a line of its own. */
  readonly hint?: string;
  /** What caused it, kept for the log. */
  readonly cause?: unknown;
  /** Whom it concerns, where that is several: `client/laptop`. */
  readonly names?: readonly string[];
}

/**
 * An expected failure: something outside the program was not as it should be, and nothing was changed.
 *
 * `message` is lower case, names the object, and says what was found against what was expected.
 * Misuse by a programmer is a `TypeError`; anything else is a bug and shows its stack.
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly names: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.names = options.names;
  }
}

/** Whether `error` is an expected failure, and, when codes are given, one of those. */
export function isHoldfastError(error: unknown, ...codes: readonly ErrorCode[]): error is HoldfastError {
  return error instanceof HoldfastError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether the system refused something, as `node:fs` says it: with an errno. What Node itself refuses has none, and is a bug. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}

/** What to do about what {@link isSystemError} is. */
export const systemErrorHint = 'make room, or mend the rights of what is named, and run it again';

/** The `code` of a Node system error (`ENOENT`, `EACCES`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Runs `work` while errors are made without a stack. For calls into Node that throw and catch errors of their own on the
 * way to success, as making a key object does: writing down where they came from costs more than the work.
 */
export function withoutStackTraces<T>(work: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Why the system does not let a file or folder be read, in words and with its own code: `there is no such file (ENOENT)`. */
export function whyNotRead(error: unknown): string {
  return worded(error, unread, 'it cannot be read');
}

/** Why nothing can be written at a place, likewise; undefined where the place is not to blame, as on a full disk. */
export function whyNotWritten(error: unknown): string | undefined {
  return ofPlace.has(systemErrorCode(error) ?? '')
    ? worded(error, unwritten, 'nothing can be written there')
    : undefined;
}

const unread: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
};

const unwritten: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EEXIST: 'there is a file, and no folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'nothing can be written on that disk',
};

const ofPlace = new Set([...Object.keys(unwritten), 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

function worded(error: unknown, words: Readonly<Record<string, string>>, otherwise: string): string {
  const code = systemErrorCode(error);
  return code === undefined ? otherwise : `${words[code] ?? otherwise} (${code})`;
}
