import { errorRow, HoldfastError } from '../base/index.ts';
import { describeFailure, exitCode } from '../cli/index.ts';
import type { Failure, ToFailure } from './contract.ts';

const results = new WeakMap<HoldfastError, unknown>();

/** Keeps what a call found that fails with `error`: its failure says it. */
export function keepResult(error: HoldfastError, result: unknown): HoldfastError {
  results.set(error, result);
  return error;
}

/** What an error says, and what is known of its code; undefined for what is no expected failure. */
export const toFailure: ToFailure = (error) => {
  if (!(error instanceof HoldfastError)) return undefined;
  const { code } = error;
  const { kind = 'failed' } = errorRow(code);
  const said = { message: error.message, hint: describeFailure(error)?.hint ?? '' };
  return { code, kind, exitCode: exitCode[kind], ...said, result: results.get(error) } as Failure;
};
