import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Authority } from '../../authority/index.ts';
import type { Log } from '../../base/index.ts';

/** What is cleared, and where. */
interface ClearingOptions {
  readonly authority: Pick<Authority, 'grants' | 'standing'>;
  /** Where the store is, and what throws while it is not there. */
  readonly directory: string;
  readonly check: (forWhat: 'change') => Promise<void>;
  readonly log: Log;
}

/** The form of a name that a grant gives to a repository. */
const copyForm = /^grant-\d+-[a-z2-9]{10}$/;

/** Removes what was kept for grants that are over: what was sealed, and the copy of a path with all that is in it. */
export async function clearGrants({ authority, directory, check, log }: ClearingOptions): Promise<void> {
  if (authority.standing !== 'ready') return;
  for (const { id, from, repository } of await authority.grants.leftOver()) {
    if (repository !== undefined) {
      if (!copyForm.test(repository)) throw new TypeError(`grant ${id} has a copy called ${repository}`);
      await check('change');
      await rm(join(directory, from, repository), { recursive: true, force: true });
      log.info('the copy of a grant that is over is removed', { grant: id, from, repository });
    }
    await authority.grants.clear(id);
  }
}
