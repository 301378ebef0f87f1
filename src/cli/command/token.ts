import type { DefineCommand } from '../define-command.ts';
import { defineTokenCreate } from './token/create.ts';
import { defineTokenList } from './token/list.ts';
import { defineTokenRevoke } from './token/revoke.ts';

/** The words after `holdfast token`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  create: defineTokenCreate,
  list: defineTokenList,
  revoke: defineTokenRevoke,
};

/** `holdfast token …` */
export const defineToken: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
