import { errorRow, isHoldfastError, isSystemError, systemErrorHint } from '../base/index.ts';

/** The status to answer whatever a handler threw. */
export function httpStatusOf(error: unknown): number {
  return isHoldfastError(error) ? (errorRow(error.code).status ?? 500) : 500;
}

/** What a caller is told of a failure. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * What is told of `error`: an expected refusal in full, of what is wrong with the server itself its code at most. Paths
 * and the like, and what the system refused, are in its log, and told to `administrators` alone; a bug is told to nobody.
 */
export function errorBody(error: unknown, to: 'administrators' | 'peers'): ErrorBody {
  if (to === 'administrators' && isSystemError(error))
    return { code: error.code ?? 'internal', message: error.message, hint: systemErrorHint };
  if (!isHoldfastError(error)) return { code: 'internal', message: failed };
  const { code, message, hint } = error;
  if (to === 'peers' && httpStatusOf(error) >= 500) return { code, message: failed };
  return { code, message, hint };
}

const failed = 'the server failed; its log says why';
