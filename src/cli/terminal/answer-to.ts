import { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';

/** Where a question is asked, and what ends the wait for its answer. */
export interface Asking {
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/**
 * What somebody answers on the terminal to what `ask` asks.
 * @throws HoldfastError `interrupted` when they give up: by Ctrl-C, also when it came before the question, or by Escape
 */
export async function answerTo<T>(
  { signal }: Context,
  ask: (asking: Asking) => Promise<T>,
): Promise<Exclude<T, symbol>> {
  const answer = await ask({ output: process.stderr, signal });
  if (typeof answer !== 'symbol') return answer as Exclude<T, symbol>;
  throw new HoldfastError('interrupted', 'no answer was given, and nothing was done');
}
