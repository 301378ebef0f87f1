import type { DefineCommand } from '../define-command.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../repository-options.ts';

export interface CheckOptions extends RepositoryOptions {
  readonly readData?: boolean;
}

/** `holdfast check` */
export const defineCheck: DefineCommand = (command, start) => {
  addRepositoryOptions(command)
    .option('--read-data', 'also read every pack and verify every blob in it')
    .addHelpText('after', '\nExamples:\n  holdfast check\n  holdfast check --read-data --json\n')
    .action(async (options: CheckOptions) => {
      const { checkRepository } = await import('../checking.ts');
      await checkRepository(start(command), options);
    });
};
