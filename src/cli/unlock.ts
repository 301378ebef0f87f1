import type { AnswerOf } from './answers.ts';
import { addRepositoryOptions, type RepositoryOptions } from './options/repository-options.ts';
import type { Context } from './program/context.ts';
import { openTarget } from './repository/repository-target.ts';
import { type Answer, note, row } from './terminal/answer.ts';
import { plural } from './terminal/format.ts';
import type { Word } from './word.ts';

/** What `unlock` takes. */
interface UnlockOptions extends RepositoryOptions {
  readonly removeAll?: boolean;
}

/** `holdfast unlock` */
export const word: Word = {
  define: (command) => {
    addRepositoryOptions(command)
      .option('--remove-all', 'remove every lock, also one that somebody may still hold')
      .addHelpText('after', examples);
  },
  run: unlockRepository,
};

const examples = `
Examples:
  holdfast unlock
  holdfast unlock --remove-all --repo /mnt/disk/repo --password-file pw

A lock is stale when it was not refreshed for 30 minutes, or when its process ran on this machine and is gone; every command
passes over such locks by itself. --remove-all is for a lock of a machine that is gone for certain: a backup or prune that
still goes on without its lock can destroy what another one stores.
`;

/** Removes locks whose holders are gone. */
async function unlockRepository(
  context: Context,
  options: UnlockOptions,
): Promise<Answer<AnswerOf<'unlock'>>> {
  await using target = await openTarget(context, options);
  const all = options.removeAll === true;
  const summary = await target.repository.unlock({ all, signal: context.signal });
  const { removed, kept } = summary;
  const rows = [row('removed', plural(removed, 'lock'))];
  if (kept > 0) rows.push(note(`  kept        ${plural(kept, 'lock')} that somebody may hold`));
  return { value: summary, rows };
}
