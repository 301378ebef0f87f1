import type { DefineCommand } from '../../define-command.ts';
import type { CaRehearseOptions } from '../../rehearsing.ts';
import { addRules, atMostOne, needs } from '../../word-rules.ts';

/** `holdfast ca rehearse [FILE]` */
export const defineCaRehearse: DefineCommand = (command, start) => {
  addRules(command, atMostOne('--kit', '--password-file'), needs('--passphrase-file', '--kit'));
  command
    .summary('try a backup of the authority as if it were needed')
    .description(
      'try a backup of the authority as if it were needed: open it in a directory of its own, sign and verify with it. ' +
        'Without kit or password, only what can be seen from outside is checked',
    )
    .argument('[file]', 'the backup (default: the newest on record)')
    .option('--kit <file>', 'the recovery kit')
    .option('--passphrase-file <file>', 'the passphrase of the kit is in this file')
    .option('--password-file <file>', 'the password of the backup is in this file')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast ca rehearse --kit /media/safe/recovery-kit.txt\n  holdfast ca rehearse authority.age --password-file secret\n',
    )
    .action(async (file: string | undefined, options: CaRehearseOptions) => {
      const { rehearseBackup } = await import('../../rehearsing.ts');
      await rehearseBackup(start(command), file, options);
    });
};
