import type { DefineCommand } from '../define-command.ts';
import { RepeatableOption } from '../repeatable-option.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../repository-options.ts';
import { addSnapshotFilters, type SnapshotFilters } from '../snapshot-filters.ts';
import { addRules, needs } from '../word-rules.ts';

interface RestoreOptions extends RepositoryOptions, SnapshotFilters {
  readonly target: string;
  readonly include?: readonly string[];
  readonly overwrite?: boolean;
  readonly verify?: boolean;
}

/** `holdfast restore SNAPSHOT --target DIR` */
export const defineRestore: DefineCommand = (command, start) => {
  addRules(command, needs('--host', 'snapshot latest'), needs('--path', 'snapshot latest'));
  addSnapshotFilters(addRepositoryOptions(command))
    .argument('<snapshot>', 'a snapshot id, the first digits of one, or latest')
    .requiredOption('--target <dir>', 'where files go, each under its full original path')
    .addOption(new RepeatableOption('--include <pattern>', 'only what matches'))
    .option('--overwrite', 'go ahead when the target holds files, replacing those of the snapshot')
    .option('--verify', 'read the restored files again and compare them with the snapshot')
    .addHelpText('after', examples)
    .action(async (snapshot: string, options: RestoreOptions) => {
      const { restoreSnapshot } = await import('../restoring.ts');
      await restoreSnapshot(start(command), snapshot, options);
    });
};

const examples = `
Examples:
  holdfast restore latest --target /tmp/back
  holdfast restore 9c1f02ab --target / --include /home/ann/letter.txt --overwrite
`;
