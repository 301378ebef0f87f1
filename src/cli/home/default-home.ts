import { homedir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, ownUser } from '../../base/index.ts';
import { localPath } from '../files/local-path.ts';

/**
 * The home to use: what was said, else `HOLDFAST_HOME`, else `/var/lib/holdfast` for root, else the user's own.
 * A relative path counts from `workingDirectory`.
 */
export function defaultHome(
  said: string | undefined,
  environment: NodeJS.ProcessEnv,
  workingDirectory: string,
): string {
  const path = said ?? environment.HOLDFAST_HOME;
  if (path !== undefined && path !== '') return localPath(workingDirectory, path);
  if (ownUser() === 0) return '/var/lib/holdfast';
  return join(dataDirectory(environment), 'holdfast');
}

/** Where the data of this user’s programs is. */
export function dataDirectory({ XDG_DATA_HOME }: NodeJS.ProcessEnv): string {
  return XDG_DATA_HOME ?? join(ownDirectory(), '.local', 'share');
}

/** An account that no user database knows, as in many containers, has none unless HOME says so. */
function ownDirectory(): string {
  try {
    return homedir();
  } catch (cause) {
    throw new HoldfastError('home_missing', 'this account has no home directory to keep Holdfast’s home in', {
      hint: 'name a place with --home DIR or HOLDFAST_HOME',
      cause,
    });
  }
}
