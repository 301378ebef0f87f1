import type { DefineCommand } from '../define-command.ts';
import { defineKeyList } from './key/list.ts';

/** `holdfast key …` */
export const defineKey: DefineCommand = (command, start) => {
  defineKeyList(command.command('list'), start);
};
