import type { DefineCommand } from '../define-command.ts';
import { defineDbMigrate } from './db/migrate.ts';

/** `holdfast db …` */
export const defineDb: DefineCommand = (command, start) => {
  defineDbMigrate(command.command('migrate'), start);
};
