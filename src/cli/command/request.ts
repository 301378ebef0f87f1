import type { DefineCommand } from '../define-command.ts';
import { defineRequestApprove } from './request/approve.ts';
import { defineRequestCollect } from './request/collect.ts';
import { defineRequestComplete } from './request/complete.ts';
import { defineRequestCreate } from './request/create.ts';
import { defineRequestDeny } from './request/deny.ts';
import { defineRequestList } from './request/list.ts';
import { defineRequestPending } from './request/pending.ts';
import { defineRequestShow } from './request/show.ts';
import { defineRequestSubmit } from './request/submit.ts';

/** The words after `holdfast request`, in the order of the help; each has a file of its own. */
const words: Readonly<Record<string, DefineCommand>> = {
  create: defineRequestCreate,
  pending: defineRequestPending,
  submit: defineRequestSubmit,
  collect: defineRequestCollect,
  complete: defineRequestComplete,
  list: defineRequestList,
  show: defineRequestShow,
  approve: defineRequestApprove,
  deny: defineRequestDeny,
};

/** `holdfast request …` */
export const defineRequest: DefineCommand = (command, start) => {
  for (const [word, define] of Object.entries(words)) define(command.command(word), start);
};
