import { addPasswordKey, thisMachine } from '../../repository/index.ts';
import type { AnswerOf } from '../answers.ts';
import { addNewPasswordOption, type NewPasswordOptions, newPasswordOf } from '../options/new-password.ts';
import { addRepositoryOptions, type RepositoryOptions } from '../options/repository-options.ts';
import type { Context } from '../program/context.ts';
import { openTarget } from '../repository/repository-target.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast key add` */
export const word: Word = {
  define: (command) => {
    addNewPasswordOption(addRepositoryOptions(command))
      .description('let one more password open a repository')
      .addHelpText('after', examples);
  },
  run: addKey,
};

const examples = `
Examples:
  holdfast key add
  holdfast key add --new-password-file pw-of-ann --repo /mnt/disk/repo --password-file pw

With its password restic opens the repository too.
`;

/** Adds a key, which is known to open the repository before it is said. */
async function addKey(
  context: Context,
  options: RepositoryOptions & NewPasswordOptions,
): Promise<Answer<AnswerOf<'key add'>>> {
  const { signal } = context;
  await using target = await openTarget(context, options, { cached: false });
  const password = await newPasswordOf(context, options);
  const id = await addPasswordKey(target.repository, password, { ...thisMachine(), signal });
  return {
    value: { id },
    rows: [row('added', `key ${id.slice(0, 8)}`, 'its password opens the repository')],
  };
}
