import { removeKey } from '../../agent/index.ts';
import type { AnswerOf } from '../answers.ts';
import { addLockOptions, type LockingOptions, lockingOf } from '../options/lock-options.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast key remove ID` */
export const word: Word = {
  define: (command) => {
    addLockOptions(addRepositoryOptions(command))
      .argument('<id>', 'of the key, or its first digits')
      .addHelpText('after', examples);
  },
  run: removeOne,
};

const examples = `
Examples:
  holdfast key remove 4f1c9a02
  holdfast key remove 4f1c9a02 --repo /mnt/disk/repo --password-file pw

The key in use, that of the recovery kit, and the last one stay. Whoever has opened the repository by a key that is removed may have
kept what it holds, and can read on: what is to be safe from them belongs into another repository. At a server it needs the
right to remove: holdfast node set NAME prune on, said there.
`;

/** Takes a key away. */
async function removeOne(
  context: Context,
  prefix: string,
  options: RepositoryOptions & LockingOptions,
): Promise<Answer<AnswerOf<'key remove'>>> {
  const { signal } = context;
  await using target = await openTarget(context, options, { cached: false });
  const id = await removeKey(target, prefix, { ...lockingOf(options, context), signal });
  const rows = [row('removed', `key ${id.slice(0, 8)}`, 'its password opens the repository no more')];
  return { value: { id }, rows };
}
