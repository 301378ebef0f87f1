import type { DefineCommand } from '../define-command.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../repository-options.ts';
import { addSnapshotFilters, type SnapshotFilters } from '../snapshot-filters.ts';
import { addRules, needs } from '../word-rules.ts';

export interface LsOptions extends RepositoryOptions, SnapshotFilters {
  readonly long?: boolean;
}

/** `holdfast ls SNAPSHOT [DIR]` */
export const defineLs: DefineCommand = (command, start) => {
  addRules(command, needs('--host', 'snapshot latest'), needs('--path', 'snapshot latest'));
  addSnapshotFilters(addRepositoryOptions(command))
    .argument('<snapshot>', 'a snapshot id, the first digits of one, or latest')
    .argument('[dir]', 'only this folder and what is below it, by its full original path')
    .option('-l, --long', 'with mode, owner, size and time')
    .addHelpText('after', '\nExamples:\n  holdfast ls latest\n  holdfast ls -l 9c1f02ab /home/ann\n')
    .action(async (snapshot: string, directory: string | undefined, options: LsOptions) => {
      const { listFiles } = await import('../listing.ts');
      await listFiles(start(command), snapshot, directory, options);
    });
};
