import type { DefineCommand } from '../define-command.ts';
import { definePolicyExport } from './policy/export.ts';
import { definePolicyImport } from './policy/import.ts';
import { definePolicySet } from './policy/set.ts';
import { definePolicyShow } from './policy/show.ts';

/** The words after `holdfast policy`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  show: definePolicyShow,
  set: definePolicySet,
  export: definePolicyExport,
  import: definePolicyImport,
};

/** `holdfast policy …` */
export const definePolicy: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
