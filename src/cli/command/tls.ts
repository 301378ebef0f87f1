import type { DefineCommand } from '../define-command.ts';
import { defineTlsBind } from './tls/bind.ts';
import { defineTlsList } from './tls/list.ts';
import { defineTlsUnbind } from './tls/unbind.ts';

/** The words after `holdfast tls`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  bind: defineTlsBind,
  list: defineTlsList,
  unbind: defineTlsUnbind,
};

/** `holdfast tls …` */
export const defineTls: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
