import type { DefineCommand } from '../define-command.ts';

/** `holdfast join CODE` */
export const defineJoin: DefineCommand = (command, start) => {
  command
    .argument('<code>', 'the join code that holdfast token create printed; - reads it from stdin')
    .option('--name <name>', 'which of the names of its pattern (default: the host name, where that is one)')
    .addHelpText('after', '\nExamples:\n  holdfast join hf1-…\n  holdfast join hf1-… --name web-3\n')
    .action(async (code: string, options: { name?: string }) => {
      const { join } = await import('../joining.ts');
      await join(start(command), code, options);
    });
};
