import type { DefineCommand } from '../define-command.ts';
import { defineCaBackup } from './ca/backup.ts';
import { defineCaClock } from './ca/clock.ts';
import { defineCaCreate } from './ca/create.ts';
import { defineCaCrl } from './ca/crl.ts';
import { defineCaExport } from './ca/export.ts';
import { defineCaMove } from './ca/move.ts';
import { defineCaOffline } from './ca/offline.ts';
import { defineCaOnline } from './ca/online.ts';
import { defineCaPermit } from './ca/permit.ts';
import { defineCaRehearse } from './ca/rehearse.ts';
import { defineCaRestore } from './ca/restore.ts';
import { defineCaShow } from './ca/show.ts';

/** The words after `holdfast ca`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  show: defineCaShow,
  create: defineCaCreate,
  export: defineCaExport,
  crl: defineCaCrl,
  backup: defineCaBackup,
  restore: defineCaRestore,
  rehearse: defineCaRehearse,
  move: defineCaMove,
  offline: defineCaOffline,
  online: defineCaOnline,
  permit: defineCaPermit,
  clock: defineCaClock,
};

/** `holdfast ca …` */
export const defineCa: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
