import { namedPaths } from './files/local-path.ts';
import { ListOption } from './options/option-values.ts';
import {
  addExcludeOptions,
  addRepositoryOptions,
  type ExcludeOptions,
  type RepositoryOptions,
} from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { exitCode } from './program/failure.ts';
import { type BackupResult, backUp, backupRows, readExcludes } from './repository/backing-up.ts';
import { comparingWithBefore, recordBackup } from './repository/recording-backup.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast backup PATH…` */
export const word: Word = {
  define: (command) => {
    addExcludeOptions(addRepositoryOptions(command.argument('<paths...>', 'files and folders to save')))
      .option('--init', 'create the repository named by --repo when there is none')
      .option('--start-over', 'begin another repository where the one of before is gone for good')
      .addOption(new ListOption('--tag <list>', 'mark the snapshot with words'))
      .addHelpText('after', examples);
  },
  run: backUpPaths,
};

const examples = `
Examples:
  holdfast backup ~/Documents
  holdfast backup /etc /home --exclude '*.tmp' --exclude-file skip.txt
  holdfast backup --repo /mnt/disk/repo --password-file pw --init ~/Documents

Exit code 3: the backup is there, but some files could not be read; each is named.
`;

/** What `backup` takes. */
export interface BackupOptions extends RepositoryOptions, ExcludeOptions {
  readonly init?: boolean;
  readonly startOver?: boolean;
  readonly tag?: readonly string[];
}

/** `holdfast backup PATH…`, kept on record whatever becomes of it. */
export async function backUpPaths(
  context: Context,
  paths: readonly string[],
  options: BackupOptions,
): Promise<Answer<BackupResult>> {
  const { backup, route } = await recordBackup(context, options.repo, async () => {
    const sources = namedPaths(context, paths);
    const exclude = await readExcludes(context, options);
    const { repo, init = false, startOver = false } = options;
    const create = repo === undefined || init || startOver;
    await using target = await openTarget(context, options, { create, startOver });
    const forbidden = target.directory === undefined ? [] : [target.directory];
    const backup = await comparingWithBefore(context, target, () =>
      backUp(context, target.repository, sources, { ...options, exclude, forbidden }),
    );
    return { backup, route: target.route };
  });
  const code = backup.unreadable > 0 ? exitCode.someFilesUnread : undefined;
  return { value: backup, rows: backupRows(route, backup), exitCode: code };
}
