import type { BackupOptions } from '../backing-up-paths.ts';
import type { DefineCommand } from '../define-command.ts';
import { exitCode } from '../exit-code.ts';
import { RepeatableOption } from '../repeatable-option.ts';
import { addExcludeOptions, addRepositoryOptions } from '../repository-options.ts';

/** `holdfast backup PATH…` */
export const defineBackup: DefineCommand = (command, start) => {
  addExcludeOptions(addRepositoryOptions(command.argument('<paths...>', 'files and folders to save')))
    .option('--init', 'create the repository named by --repo when there is none')
    .option('--start-over', 'begin another repository where the one of before is gone for good')
    .addOption(new RepeatableOption('--tag <tag>', 'mark the snapshot with a word'))
    .addHelpText('after', examples)
    .action(async (paths: string[], options: BackupOptions) => {
      const { backUpPaths } = await import('../backing-up-paths.ts');
      const result = await backUpPaths(start(command), paths, options);
      if (result.unreadable > 0) process.exitCode = exitCode.someFilesUnread;
    });
};

const examples = `
Examples:
  holdfast backup ~/Documents
  holdfast backup /etc /home --exclude '*.tmp' --exclude-file skip.txt
  holdfast backup --repo /mnt/disk/repo --password-file pw --init ~/Documents

Exit code 3: the backup is there, but some files could not be read; each is named.
`;
