import { changePassword } from '../../agent/index.ts';
import type { AnswerOf } from '../answers.ts';
import { addLockOptions, type LockingOptions, lockingOf } from '../options/lock-options.ts';
import { addNewPasswordOption, type NewPasswordOptions, newPasswordOf } from '../options/new-password.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, row, warning } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast key passwd` */
export const word: Word = {
  define: (command) => {
    addLockOptions(addNewPasswordOption(addRepositoryOptions(command)))
      .description('change the password that a repository is opened with')
      .addHelpText('after', examples);
  },
  run: changeOwn,
};

const examples = `
Examples:
  holdfast key passwd --repo /mnt/disk/repo --password-file pw --new-password-file new-pw
  holdfast key passwd

A key of the new password takes the place of the one in use; other keys stay. At a server it needs the right to remove:
holdfast node set NAME prune on, said there.
`;

/** Puts a key of another password in the place of the one in use. */
async function changeOwn(
  context: Context,
  options: RepositoryOptions & NewPasswordOptions & LockingOptions,
): Promise<Answer<AnswerOf<'key passwd'>>> {
  const { signal } = context;
  await using target = await openTarget(context, options, { cached: false });
  const password = await newPasswordOf(context, options);
  const changed = await changePassword(target, password, { ...lockingOf(options, context), signal });
  const { added, removed } = changed;
  const rows = [row('added', `key ${added.slice(0, 8)}`, 'its password opens the repository')];
  if (removed === undefined)
    rows.push(warning('which key was in use before is not on record here: it stays, see holdfast key list'));
  else rows.push(row('removed', `key ${removed.slice(0, 8)}`, 'its password opens the repository no more'));
  return { value: { added, ...(removed !== undefined && { removed }) }, rows };
}
