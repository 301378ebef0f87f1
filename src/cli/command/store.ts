import type { DefineCommand } from '../define-command.ts';
import { defineStoreAccept } from './store/accept.ts';

/** `holdfast store …` */
export const defineStore: DefineCommand = (command, start) => {
  defineStoreAccept(command.command('accept'), start);
};
