import type { DefineCommand } from '../define-command.ts';
import { defineKeystoreRekey } from './keystore/rekey.ts';

/** `holdfast keystore …` */
export const defineKeystore: DefineCommand = (command, start) => {
  defineKeystoreRekey(command.command('rekey'), start);
};
