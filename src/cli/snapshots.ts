import { addRepositoryOptions } from './options/repository-options.ts';
import { addSnapshotFilters } from './options/snapshot-filters.ts';
import { listSnapshots } from './repository/listing.ts';
import type { Word } from './word.ts';

/** `holdfast snapshots` */
export const word: Word = {
  define: (command) => {
    addSnapshotFilters(addRepositoryOptions(command)).addHelpText(
      'after',
      '\nExamples:\n  holdfast snapshots\n  holdfast snapshots --host laptop --json\n',
    );
  },
  run: listSnapshots,
};
