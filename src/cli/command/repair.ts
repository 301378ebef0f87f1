import type { DefineCommand } from '../define-command.ts';
import { defineRepairIndex } from './repair/repair-index.ts';

/** `holdfast repair …` */
export const defineRepair: DefineCommand = (command, start) => {
  defineRepairIndex(command.command('index'), start);
};
