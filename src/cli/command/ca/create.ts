import type { DefineCommand } from '../../define-command.ts';
import { defineInit } from '../init.ts';

/** `holdfast ca create`: another word for `init`. */
export const defineCaCreate: DefineCommand = (command, start) => {
  const summary = 'create an authority; the same as holdfast init';
  defineInit(command.summary(summary).description(summary), start);
};
