import type { DefineCommand } from '../define-command.ts';
import { defineCertExport } from './cert/export.ts';
import { defineCertList } from './cert/list.ts';
import { defineCertRenew } from './cert/renew.ts';
import { defineCertRevoke } from './cert/revoke.ts';
import { defineCertShow } from './cert/show.ts';
import { defineCertVerify } from './cert/verify.ts';

/** The words after `holdfast cert`, in the order of the help; each has a file of its own. */
const words: Readonly<Record<string, DefineCommand>> = {
  list: defineCertList,
  show: defineCertShow,
  verify: defineCertVerify,
  renew: defineCertRenew,
  revoke: defineCertRevoke,
  export: defineCertExport,
};

/** `holdfast cert …` */
export const defineCert: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
