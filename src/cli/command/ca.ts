import type { DefineCommand } from '../define-command.ts';
import { defineCaCreate } from './ca/create.ts';

/** `holdfast ca …`: one line each, in the order of the help. */
export const defineCa: DefineCommand = (command, start) => {
  defineCaCreate(command.command('create'), start);
};
