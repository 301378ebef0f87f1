import type { DefineCommand } from '../define-command.ts';

/** `holdfast join CODE` */
export const defineJoin: DefineCommand = (command, start) => {
  command
    .argument('<code>', 'the join code that holdfast token create printed; - reads it from stdin')
    .addHelpText('after', '\nExample:\n  holdfast join hf1-…\n')
    .action(async (code: string) => {
      const { join } = await import('../joining.ts');
      await join(start(command), code);
    });
};
