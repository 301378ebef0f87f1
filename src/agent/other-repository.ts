import { HoldfastError } from '../base/index.ts';
import type { KeptKey } from './repository-keys.ts';

/** That a repository was at a place, and none is there now. `known` has the keys of those that were, the newest first. */
export function repositoryGone(location: string, [last]: readonly KeptKey[], cause: unknown): HoldfastError {
  const message = `there is no repository at ${location}, and ${describe(last)} was there`;
  return new HoldfastError('repository_gone', message, {
    hint:
      'its disk may not be mounted, or somebody removed it: holdfast status at its server, then run this again; ' +
      'where it is lost for good, holdfast backup --start-over PATH begins another one, and its key stays (holdfast key list)',
    cause,
  });
}

/** That the repository at a place is none of those that were there before. */
export function repositoryStrange(location: string, [last]: readonly KeptKey[]): HoldfastError {
  const message = `at ${location} is another repository than ${describe(last)}, which was there`;
  return new HoldfastError('repository_wrong_key', message, {
    hint: 'find out who put it there; when it is yours, name a file with its password: --password-file FILE; the keys that are kept stay',
  });
}

/** `repository 1a2b3c4d, last backed up to 2026-11-20T22:00:31Z (snapshot 6f59242c)`, as far as it is known. */
export function describe(key: KeptKey | undefined): string {
  const name = key?.repository === undefined ? 'a repository' : `repository ${key.repository.slice(0, 8)}`;
  if (key?.lastBackup === undefined) return name;
  const { time, snapshot } = key.lastBackup;
  return `${name}, last backed up to ${time} (snapshot ${snapshot.slice(0, 8)}),`;
}
