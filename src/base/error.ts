import type { ErrorCode } from './errors/catalogue.ts';

/** What an expected failure says beyond its message. */
export interface HoldfastErrorOptions {
  /** The next step, usually a command; printed on a line of its own. */
  readonly hint?: string;
  /** What caused it, kept for the log. */
  readonly cause?: unknown;
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

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
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
