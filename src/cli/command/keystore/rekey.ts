import type { DefineCommand } from '../../define-command.ts';
import type { RekeyOptions } from '../../rekeying.ts';
import { addRules, atMostOne } from '../../word-rules.ts';

/** `holdfast keystore rekey` */
export const defineKeystoreRekey: DefineCommand = (command, start) => {
  addRules(command, atMostOne('--stash', '--new-passphrase-file'));
  command
    .summary("give the authority's keystore another passphrase")
    .description("give the authority's keystore another passphrase, asked for on a terminal, or a stash file")
    .option('--new-passphrase-file <file>', 'the new passphrase is in this file')
    .option('--stash', 'a stash file is to open it, so that a server starts by itself')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast keystore rekey\n  holdfast keystore rekey --stash --keystore-passphrase-file old\n',
    )
    .action(async (options: RekeyOptions) => {
      const { rekeyKeystore } = await import('../../rekeying.ts');
      await rekeyKeystore(start(command), options);
    });
};
