import type { DefineCommand } from '../define-command.ts';
import { defineAuditExport } from './audit/export.ts';
import { defineAuditList } from './audit/list.ts';
import { defineAuditVerify } from './audit/verify.ts';

/** The words after `holdfast audit`, in the order of the help. */
const words: Readonly<Record<string, DefineCommand>> = {
  list: defineAuditList,
  verify: defineAuditVerify,
  export: defineAuditExport,
};

/** `holdfast audit …` */
export const defineAudit: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
