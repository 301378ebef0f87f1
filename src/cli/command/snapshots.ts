import type { DefineCommand } from '../define-command.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../repository-options.ts';
import { addSnapshotFilters, type SnapshotFilters } from '../snapshot-filters.ts';

/** `holdfast snapshots` */
export const defineSnapshots: DefineCommand = (command, start) => {
  addSnapshotFilters(addRepositoryOptions(command))
    .addHelpText('after', '\nExamples:\n  holdfast snapshots\n  holdfast snapshots --host laptop --json\n')
    .action(async (options: RepositoryOptions & SnapshotFilters) => {
      const { listSnapshots } = await import('../listing.ts');
      await listSnapshots(start(command), options);
    });
};
