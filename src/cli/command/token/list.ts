import type { DefineCommand } from '../../define-command.ts';

/** `holdfast token list` */
export const defineTokenList: DefineCommand = (command, start) => {
  command
    .summary('list the join codes that were made')
    .description(
      'list the join codes that were made, with how often each was used; the codes themselves are not kept',
    )
    .addHelpText('after', '\nExamples:\n  holdfast token list\n  holdfast token list --json\n')
    .action(async () => {
      const { listTokens } = await import('../../listing-tokens.ts');
      await listTokens(start(command));
    });
};
