import { InvalidArgumentError, Option } from 'commander';
import { formatDuration } from '../../base/index.ts';
import { forceOption } from '../files/chosen-file.ts';
import { isUrl, localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import { openHome } from '../home/home.ts';
import { addSchedule } from '../home/settings.ts';
import { backupPlace, defaultKeep } from '../home/upkeep-settings.ts';
import { parseDurationOption } from '../options/option-values.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { choosePassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';
import { type BackupProtection, backUpKeys, backupRows, orderBackup, passwordOf } from './backup-order.ts';

/** `holdfast ca backup FILE` */
export const word: Word = {
  define: (command) => {
    addRules(
      command,
      atMostOne('file', '--to'),
      needs('--format p12', 'file'),
      needs('--every', '--to'),
      needs('--keep', '--to'),
      needs('--force', 'file'),
      needs('--legacy', '--format p12'),
      atMostOne('--password', '--password-file'),
    );
    const summary = 'back the authority up into one encrypted file';
    command
      .description(
        `${summary}, from one moment and while it is at work: keys of all generations, certificates, records, settings. ` +
          'The recovery kit opens it, or a password when one is said',
      )
      .argument('[file]', 'the file; one that is there is not replaced (default: the place of the settings)')
      .option('--to <place>', 'instead of FILE, a directory or URL for many, each with a name of its own')
      .option('--every <duration>', 'with --to: make them by themselves, e.g. 24h', parseDurationOption)
      .option('--keep <n>', `with --to: how many are kept there (default: ${defaultKeep})`, count)
      .option('--password', 'a password opens it, asked for on a terminal')
      .option('--password-file <file>', 'a password opens it, which is in this file')
      .option(...forceOption)
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
  run: backUp,
};

function count(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a number from 1 to 9999');
}

/** What `ca backup` and `ca move` take. */
interface CaBackupOptions extends BackupProtection {
  readonly format?: 'age' | 'p12';
  readonly legacy?: boolean;
  readonly to?: string;
  readonly every?: number;
  readonly keep?: number;
}

async function backUp(context: Context, file: string | undefined, options: CaBackupOptions): Promise<Answer> {
  if (file === undefined) return await backUpToPlace(context, options);
  if (options.format === 'p12') return await backUpAsPkcs12(context, file, options);
  const answer = await orderBackup(context, file, options);
  return { value: answer, rows: backupRows(answer) };
}

/** `holdfast ca backup [--to PLACE]`: one now and, when it is said how often, from the server's next start on by themselves. */
async function backUpToPlace(
  context: Context,
  { to, every, keep = defaultKeep, ...options }: CaBackupOptions,
): Promise<Answer> {
  const { workingDirectory } = context;
  const password = await passwordOf(context, options);
  if (to === undefined) {
    const answer = await withAdmin(context, (admin) => admin.call('ca.backup-to', password));
    return { value: answer, rows: backupRows(answer) };
  }
  if (isUrl(to)) backupPlace(to, workingDirectory);
  const place = isUrl(to) ? to : localPath(workingDirectory, to);
  const answer = await withAdmin(context, (admin) =>
    admin.call('ca.backup-to', { to: place, keep, ...password }),
  );
  if (every !== undefined)
    await addSchedule(await openHome(context.home), { to: place, every: formatDuration(every), keep });
  const scheduled =
    every === undefined
      ? []
      : [
          row(
            'from now on',
            `every ${formatDuration(every)}, ${keep} are kept`,
            'once the server was started again',
          ),
        ];
  return { value: answer, rows: [...backupRows(answer), ...scheduled] };
}

async function backUpAsPkcs12(context: Context, file: string, options: CaBackupOptions): Promise<Answer> {
  const { passwordFile, legacy = false, force = false } = options;
  const password = await choosePassword(context, passwordFile, 'password for the PKCS#12 file');
  return await backUpKeys(context, { file, password, legacy, replace: force, word: '--force' });
}
