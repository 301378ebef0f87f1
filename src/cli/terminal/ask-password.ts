import { Secret } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { answerTo } from './answer-to.ts';

/** The password somebody types for the repository at `location`, as {@link askSecret}. */
export function askPassword(context: Context, location: string): Promise<Secret<string> | undefined> {
  return askSecret(context, `password of the repository at ${location}`);
}

/** What somebody types unseen at `message`; undefined without a terminal. @throws HoldfastError `interrupted` */
export async function askSecret(context: Context, message: string): Promise<Secret<string> | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { password } = await import('@clack/prompts');
  return new Secret(await answerTo(context, (asking) => password({ message, ...asking })));
}
