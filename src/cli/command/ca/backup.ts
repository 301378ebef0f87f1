import { Option } from 'commander';
import type { CaBackupOptions } from '../../backing-up-authority.ts';
import type { DefineCommand } from '../../define-command.ts';

/** `holdfast ca backup FILE` */
export const defineCaBackup: DefineCommand = (command, start) => {
  const summary = 'back the authority up into one encrypted file';
  command
    .summary(summary)
    .description(
      `${summary}, from one moment and while it is at work: keys of all generations, certificates, records, settings. ` +
        'The recovery kit opens it, or a password when one is said',
    )
    .argument('<file>', 'the file; one that is there is not replaced')
    .option('--password', 'a password opens it, asked for on a terminal')
    .option('--password-file <file>', 'a password opens it, which is in this file')
    .option('--force', 'replace a file that is there')
    .addOption(
      new Option('--format <format>', 'age: everything; p12: keys and certificates alone, as PKCS#12')
        .choices(['age', 'p12'])
        .default('age'),
    )
    .option('--legacy', 'a PKCS#12 that programs from before 2010 read, weakly protected')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast ca backup /media/safe/authority.age\n  holdfast ca backup --format p12 --password-file secret ca.p12\n' +
        '\nholdfast.toml makes them by themselves: authority.backup_to, authority.backup_every, authority.backup_keep\n',
    )
    .action(async (file: string, options: CaBackupOptions) => {
      const { backUpAuthority } = await import('../../backing-up-authority.ts');
      await backUpAuthority(start(command), file, options);
    });
};
