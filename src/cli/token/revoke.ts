import { InvalidArgumentError } from 'commander';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast token revoke ID` */
export const word: Word = {
  define: (command) => {
    command
      .description('end a join code; machines that have joined with it stay')
      .argument('<id>', 'its number in token list', parseId)
      .addHelpText('after', '\nExample:\n  holdfast token revoke 3\n');
  },
  run: revokeToken,
};

function parseId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of holdfast token list');
}

/** `holdfast token revoke ID` */
async function revokeToken(context: Context, id: number): Promise<Answer> {
  const revoked = await withAdmin(context, (admin) => admin.call('token.revoke', { id }));
  return { value: revoked, rows: [row('revoked', `join code ${id}`)] };
}
