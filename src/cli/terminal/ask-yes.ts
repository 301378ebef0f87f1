import type { Context } from '../program/context.ts';
import { answerTo } from './answer-to.ts';

/** Whether somebody says yes to `message`; undefined without a terminal. @throws HoldfastError `interrupted` */
export async function askYes(context: Context, message: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  const { confirm } = await import('@clack/prompts');
  return await answerTo(context, (asking) => confirm({ message, initialValue: false, ...asking }));
}
