import type { BackupSet, WatchedSet } from '../../agent/index.ts';
import { linkHops, textPath } from '../../files/index.ts';
import type { Context } from '../program/context.ts';
import { readExcludes } from '../repository/backing-up.ts';
import { ownDirectories } from '../repository/own-directories.ts';
import { repositoryPlace } from '../repository/repository-target.ts';

/** What is to be watched of a set: what its runs look at, and the way to what is not there yet. */
export async function watchedSet(context: Context, set: BackupSet): Promise<WatchedSet> {
  const paths = set.paths.map(textPath);
  const place = set.repo === undefined ? undefined : repositoryPlace(context.workingDirectory, set.repo);
  const own = [...(await ownDirectories(context)), ...(place?.kind === 'directory' ? [place.path] : [])];
  return {
    paths: paths.flatMap((path) => [path, ...linkHops(path)]),
    exclude: await readExcludes(context, set),
    excludeCaches: set.excludeCaches,
    forbidden: own.map((path) => Buffer.from(path)),
  };
}
