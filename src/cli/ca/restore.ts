import { addServingOptions, databaseOption } from '../options/server-options.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Word } from '../word.ts';
import { restoreCa } from './restoring.ts';

/** `holdfast ca restore [FILE]` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('--kit', '--password-file'),
      needs('--kit-password-file', '--kit'),
      needs('--kit', 'file'),
      needs('--password-file', 'file'),
      needs('--names', 'file'),
      needs('--port', 'file'),
      needs('--database', 'file'),
      needs('--dry-run', 'file'),
      atMostOne('--dry-run', '--mirror'),
      atMostOne('--dry-run', '--log-is-lost'),
      atMostOne('--re-enrol', '--trust-issued'),
    );
    command
      .description(
        'make an authority out of its backup, on this or another machine. It learns from the mirrors of its log what happened ' +
          'since, and does nothing until it has; without FILE, an authority that was restored and waits is told',
      )
      .argument('[file]', 'a backup made by ca backup or ca move, or a PKCS#12 with keys')
      .option('--kit <file>', 'the recovery kit')
      .option('--kit-password-file <file>', 'the passphrase of the kit is in this file')
      .option('--password-file <file>', 'the password of the backup is in this file')
      .option('--mirror <place...>', 'where the log is, instead of what the settings name: directories, URLs')
      .option(
        '--log-is-lost <why>',
        'there is no log any more: go on without what happened since, and record why',
      )
      .option('--re-enrol', 'with a PKCS#12: accept no certificate of before; every machine joins again')
      .option('--trust-issued', 'with a PKCS#12: accept certificates of before that are valid')
      .option('--dry-run', 'show what would change, and which clients could not follow');
    addServingOptions(command)
      .addOption(databaseOption())
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca restore authority.age --kit recovery-kit.txt --names new.example\n' +
          '  holdfast ca restore authority.age --kit recovery-kit.txt --dry-run\n' +
          '  holdfast ca restore --mirror /mnt/mirror\n' +
          '  holdfast ca restore --log-is-lost "both disks burnt"\n',
      );
  },
  run: restoreCa,
};
