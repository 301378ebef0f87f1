import { createReadStream } from 'node:fs';
import { bringBackup, type OperationAnswer } from '../../admin/index.ts';
import { checkBackupFile } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import { addRules, atMostOne, needs } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { readKit, readPasswordFile } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast ca rehearse [FILE]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--kit', '--password-file'), needs('--kit-password-file', '--kit'));
    command
      .description(
        'try a backup of the authority as if it were needed: open it in a directory of its own, sign and verify with it. ' +
          'Without kit or password, only what can be seen from outside is checked',
      )
      .argument('[file]', 'the backup (default: the newest on record)')
      .option('--kit <file>', 'the recovery kit')
      .option('--kit-password-file <file>', 'the passphrase of the kit is in this file')
      .option('--password-file <file>', 'the password of the backup is in this file')
      .addHelpText(
        'after',
        '\nExamples:\n  holdfast ca rehearse --kit /media/safe/recovery-kit.txt\n  holdfast ca rehearse authority.age --password-file secret\n',
      );
  },
  run: rehearseBackup,
};

/** What `ca rehearse` takes. */
export interface CaRehearseOptions {
  readonly kit?: string;
  readonly kitPasswordFile?: string;
  readonly passwordFile?: string;
}

/** `holdfast ca rehearse [FILE]`: fails when the backup would not do. */
async function rehearseBackup(
  context: Context,
  file: string | undefined,
  options: CaRehearseOptions,
): Promise<Answer> {
  const { workingDirectory } = context;
  const path = file === undefined ? undefined : localPath(workingDirectory, file);
  if (path !== undefined) await checkBackupFile(path);
  const key = await keyOf(context, options);
  const answer = await withAdmin(context, async (admin) => {
    const file =
      path === undefined
        ? undefined
        : { path, id: await bringBackup(admin, createReadStream(path, { highWaterMark })) };
    return await admin.call('ca.rehearse', { file, ...key });
  });
  return {
    value: answer,
    rows: rehearsalRows(answer),
    failure: answer.good ? undefined : wouldNotDo(answer),
  };
}

/** How much of the file is brought at a time, in bytes. */
const highWaterMark = 384 * 1024;

function* rehearsalRows({ steps, depth }: OperationAnswer<'ca.rehearse'>): Iterable<Row> {
  for (const { what, good, found } of steps) yield row(what, good ? 'good' : 'BAD', found);
  if (depth === 'looked at')
    yield warning(
      'it was not opened: only kit or password show whether what is inside can be used (--kit FILE)',
    );
}

function wouldNotDo({ name, steps }: OperationAnswer<'ca.rehearse'>): HoldfastError {
  const bad = steps.filter(({ good }) => !good);
  const onMirrors = bad.every(({ what }) => what === 'log mirror');
  return onMirrors
    ? new HoldfastError('backup_damaged', `after the backup ${name} a mirror of the log would not do`, {
        hint: 'put an empty file checkpoint.json on that mirror, and all of the log is written to it anew',
      })
    : new HoldfastError('backup_damaged', `the backup ${name} would not do`, {
        hint: 'make another one: holdfast ca backup FILE',
      });
}

async function keyOf(
  context: Context,
  { kit, kitPasswordFile, passwordFile }: CaRehearseOptions,
): Promise<{ identity?: string; password?: string }> {
  if (passwordFile !== undefined)
    return { password: (await readPasswordFile(context, passwordFile)).reveal() };
  if (kit === undefined) return {};
  const order = { kit, kitPasswordFile };
  return { identity: (await readKit(context, order)).identity.reveal() };
}
