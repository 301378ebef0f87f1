import type { DefineCommand } from '../define-command.ts';
import { exitCode } from '../exit-code.ts';
import {
  addExcludeOptions,
  addRepositoryOptions,
  collect,
  type ExcludeOptions,
  type RepositoryOptions,
} from '../repository-options.ts';

interface BackupOptions extends RepositoryOptions, ExcludeOptions {
  readonly init?: boolean;
  readonly tag?: readonly string[];
}

/** `holdfast backup PATH…` */
export const defineBackup: DefineCommand = (command, start) => {
  addExcludeOptions(addRepositoryOptions(command.argument('<paths...>', 'files and folders to save')))
    .option('--init', 'create the repository named by --repo when there is none')
    .option('--tag <tag>', 'mark the snapshot with a word (repeatable)', collect)
    .addHelpText('after', examples)
    .action(async (paths: string[], options: BackupOptions) => {
      const context = start(command);
      const { backUp, existingPaths, rememberBackup, sayBackup } = await import('../backing-up.ts');
      const sources = await existingPaths(context, paths);
      await using target = await (await import('../repository-target.ts')).openTarget(context, options, {
        create: options.repo === undefined || options.init === true,
      });
      const forbidden = target.directory === undefined ? [] : [target.directory];
      const result = await backUp(context, target.repository, sources, { ...options, forbidden });
      await rememberBackup(context, target.node, result);
      if (context.output.json) context.output.value(result);
      else sayBackup(context.output, target.route, result);
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
