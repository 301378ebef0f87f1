import { addRepositoryOptions, type RepositoryOptions } from './options/repository-options.ts';
import { addSnapshotFilters, type SnapshotFilters } from './options/snapshot-filters.ts';
import { addRules, needs } from './options/word-rules.ts';
import { listFiles } from './repository/listing.ts';
import type { Word } from './word.ts';

export interface LsOptions extends RepositoryOptions, SnapshotFilters {
  readonly long?: boolean;
}

/** `holdfast ls SNAPSHOT [DIR]` */
export const word: Word = {
  define: (command) => {
    addRules(command, needs('--host', 'snapshot latest'), needs('--path', 'snapshot latest'));
    addSnapshotFilters(addRepositoryOptions(command))
      .argument('<snapshot>', 'a snapshot id, the first digits of one, or latest')
      .argument('[dir]', 'only this folder and what is below it, by its full original path')
      .option('-l, --long', 'with mode, owner, size and time')
      .addHelpText('after', '\nExamples:\n  holdfast ls latest\n  holdfast ls -l 9c1f02ab /home/ann\n');
  },
  run: listFiles,
};
