import type { DefineCommand } from '../define-command.ts';

/** `holdfast join` */
export const defineJoin: DefineCommand = (command, start) => {
  command
    .argument(
      '[code]',
      'the join code that holdfast token create printed (default: asked for, or read from stdin)',
    )
    .option('--name <name>', 'which of the names of its pattern (default: the host name, where that is one)')
    .addHelpText(
      'after',
      '\nThe code is a secret: left out, it is asked for unseen, or read from standard input where that is no terminal.\n\n' +
        'Examples:\n  holdfast join\n  holdfast join --name web-3\n  holdfast join < code.txt\n',
    )
    .action(async (code: string | undefined, options: { name?: string }) => {
      const { join } = await import('../joining.ts');
      await join(start(command), code, options);
    });
};
