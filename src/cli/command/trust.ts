import type { DefineCommand } from '../define-command.ts';
import { defineTrustAdd } from './trust/add.ts';
import { defineTrustList } from './trust/list.ts';
import { defineTrustRemove } from './trust/remove.ts';

/** The words after `holdfast trust`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  add: defineTrustAdd,
  list: defineTrustList,
  remove: defineTrustRemove,
};

/** `holdfast trust …` */
export const defineTrust: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
