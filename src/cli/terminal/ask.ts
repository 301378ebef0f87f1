import { HoldfastError, Secret } from '../../base/index.ts';
import type { Context } from '../program/context.ts';

/** The password somebody types for the repository at `location`, as {@link askSecret}. */
export function askPassword(context: Context, location: string): Promise<Secret<string> | undefined> {
  return askSecret(context, `password of the repository at ${location}`);
}

/** What somebody types unseen at `message`; undefined without a terminal. @throws HoldfastError `interrupted` */
export async function askSecret(context: Context, message: string): Promise<Secret<string> | undefined> {
  if (!context.asks) return undefined;
  const { password } = await import('@clack/prompts');
  return new Secret(await answerTo(context, (asking) => password({ message, ...asking })));
}

/** Whether somebody says yes to `message`; undefined without a terminal. @throws HoldfastError `interrupted` */
export async function askYes(context: Context, message: string): Promise<boolean | undefined> {
  if (!context.asks) return undefined;
  const { confirm } = await import('@clack/prompts');
  return await answerTo(context, (asking) => confirm({ message, initialValue: false, ...asking }));
}

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
