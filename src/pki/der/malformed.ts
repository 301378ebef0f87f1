import { type ErrorCode, HoldfastError, isHoldfastError } from '../../base/index.ts';

/** The error for bytes that are not DER, or not the structure expected; `at` is the byte offset in the input. */
export function malformed(problem: string, at: number): HoldfastError {
  return new HoldfastError('der_malformed', `${problem} at byte ${at}`);
}

/** Runs a parser; what it finds malformed is said with the code and the name of the object that was read. */
export function reading<T>(code: ErrorCode, object: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!isHoldfastError(error, 'der_malformed')) throw error;
    throw new HoldfastError(code, `${object} is malformed: ${error.message}`, { cause: error });
  }
}
