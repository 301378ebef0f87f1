import { type BackupResult, backUp, readExcludes, sayBackup } from './backing-up.ts';
import { comparingWithBefore } from './comparing-with-before.ts';
import type { Context } from './context.ts';
import { namedPaths } from './named-paths.ts';
import { recordBackup } from './recording-backup.ts';
import type { ExcludeOptions, RepositoryOptions } from './repository-options.ts';
import { openTarget } from './repository-target.ts';

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
): Promise<BackupResult> {
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
  if (context.output.json) context.output.value(backup);
  else sayBackup(context.output, route, backup);
  return backup;
}
