import { withAdmin } from '../home/administering.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { choosePassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast keystore rekey` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--stash', '--new-keystore-password-file'));
    command
      .description(
        "give the authority's keystore another passphrase, asked for on a terminal, or a stash file",
      )
      .option('--new-keystore-password-file <file>', 'the new passphrase is in this file')
      .option('--stash', 'a stash file is to open it, so that a server starts by itself')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast keystore rekey\n  holdfast keystore rekey --stash --keystore-password-file old\n',
      );
  },
  run: rekeyKeystore,
};

/** What `keystore rekey` takes. */
export interface RekeyOptions {
  readonly newKeystorePasswordFile?: string;
  readonly stash?: boolean;
}

/** `holdfast keystore rekey`: another passphrase, or a stash, opens the authority's keystore from now on. */
async function rekeyKeystore(context: Context, options: RekeyOptions): Promise<Answer> {
  const { stash = false, newKeystorePasswordFile: file } = options;
  const chosen = stash ? undefined : await choosePassword(context, file, 'new passphrase');
  const input = { passphrase: chosen?.reveal() };
  const { openedBy } = await withAdmin(context, (admin) => admin.call('keystore.rekey', input));
  return {
    value: { openedBy },
    rows: [row('keystore', openedBy === 'stash' ? 'opened by a stash file' : 'opened by the new passphrase')],
  };
}
