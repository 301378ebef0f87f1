import { InvalidArgumentError } from 'commander';
import type { DefineCommand } from '../../define-command.ts';

/** `holdfast token revoke ID` */
export const defineTokenRevoke: DefineCommand = (command, start) => {
  command
    .summary('end a join code')
    .description('end a join code; machines that have joined with it stay')
    .argument('<id>', 'its number in token list', parseId)
    .addHelpText('after', '\nExample:\n  holdfast token revoke 3\n')
    .action(async (id: number) => {
      const { revokeToken } = await import('../../listing-tokens.ts');
      await revokeToken(start(command), id);
    });
};

function parseId(text: string): number {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number of holdfast token list');
}
