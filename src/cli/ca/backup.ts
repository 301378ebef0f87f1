import { InvalidArgumentError, Option } from 'commander';
import { defaultKeep } from '../home/default-keep.ts';
import { addRules, atMostOne, exactlyOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { parseDuration } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { backUpAuthority, backUpToPlace, type CaBackupOptions } from './backing-up-authority.ts';

/** `holdfast ca backup FILE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      exactlyOne('file', '--to'),
      needs('--every', '--to'),
      needs('--keep', '--to'),
      needs('--force', 'file'),
      atMostOne('--to', '--format p12'),
      needs('--legacy', '--format p12'),
      atMostOne('--password', '--password-file'),
    );
    const summary = 'back the authority up into one encrypted file';
    command
      .description(
        `${summary}, from one moment and while it is at work: keys of all generations, certificates, records, settings. ` +
          'The recovery kit opens it, or a password when one is said',
      )
      .argument('[file]', 'the file; one that is there is not replaced')
      .option('--to <place>', 'instead of FILE, a directory or URL for many, each with a name of its own')
      .option('--every <duration>', 'with --to: make them by themselves, e.g. 24h', duration)
      .option('--keep <n>', `with --to: how many are kept there (default: ${defaultKeep})`, count)
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
          '  holdfast ca backup --to /mnt/other-disk --every 24h --keep 14\n',
      );
  },
  run: async (context: Context, file: string | undefined, options: CaBackupOptions) => {
    if (options.to !== undefined) await backUpToPlace(context, options.to, options);
    else if (file !== undefined) await backUpAuthority(context, file, options);
  },
};

function duration(text: string): string {
  if (parseDuration(text) !== undefined) return text;
  throw new InvalidArgumentError('expected a duration such as 24h or 7d');
}

function count(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1 to 9999');
}
