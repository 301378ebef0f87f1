import { readFile, rm } from 'node:fs/promises';
import type { OperationAnswer } from '../../admin/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import { checkChosenFile, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import { choosePassword } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast ca offline FILE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'take the key of the root off this machine: into an encrypted file that is read back before the original goes',
      )
      .argument(
        '<file>',
        'the file, e.g. on a medium that is kept in a safe; one that is there is not replaced',
      )
      .option(
        '--password-file <file>',
        'the password for it is in this file; asked for on a terminal unless said',
      )
      .option(
        '--remove-copies',
        'also remove the files to which sm_ssl_cert, certutil and ca backup --format p12 wrote the key',
      )
      .option(
        '--until <date>',
        "when the key is to be brought back, e.g. 2027-11-21: the root's revocation list lasts until then (default: in a year)",
      )
      .addHelpText('after', '\nExample:\n  holdfast ca offline /media/safe/root.key.age\n');
  },
  run: takeRootOffline,
};

/** What `ca offline` takes. */
interface OfflineOptions {
  readonly passwordFile?: string;
  readonly until?: string;
  /** Also remove what `sm_ssl_cert ca` and `certutil` wrote. */
  readonly removeCopies?: boolean;
}

/**
 * `holdfast ca offline`: the key of the root goes into an encrypted file. The original is destroyed only after the file
 * was read back from the disk and opened. When that is refused, the file is gone and the key is where it was; when it is
 * not known how it ended, the file stays, since it may be all there is of the key.
 */
async function takeRootOffline(context: Context, file: string, options: OfflineOptions): Promise<Answer> {
  const { workingDirectory } = context;
  const { passwordFile, until, removeCopies = false } = options;
  const path = localPath(workingDirectory, file);
  await checkChosenFile(path, newFile);
  const password = await choosePassword(
    context,
    passwordFile,
    'password for the file with the key of the root',
  );
  const passphrase = password.reveal();
  const left = await withAdmin(context, async (admin) => {
    const { text, crlUntil } = await admin.call('ca.seal-root', { passphrase, until });
    await writeChosenFile(path, text, newFile);
    try {
      const sealed = (await readFile(path)).toString('base64');
      return { ...(await admin.call('ca.offline', { passphrase, sealed, file: path })), crlUntil };
    } catch (error) {
      await withdraw(context, path, error);
      throw error;
    }
  });
  const answer = { ...left, removed: [], ...(removeCopies && (await remove(context))) };
  return { value: answer, rows: offlineRows(path, answer) };
}

function* offlineRows(path: string, left: Left & { readonly crlUntil: string }): Iterable<Row> {
  yield row('root', 'its key is offline', path);
  yield* leftRows(left);
  yield row('until', formatTime(new Date(left.crlUntil)), "the root's revocation list lasts until then");
  yield row('next', `keep ${path} and its password apart, off this machine`, 'holdfast ca online FILE');
}

type Left = Omit<OperationAnswer<'ca.offline'>, 'file'> & { readonly removed: readonly string[] };

function* leftRows({ removed, copies = [], unplaced = [], backups }: Left): Iterable<Row> {
  for (const copy of removed) yield row('removed', 'a copy of the key of the root', copy);
  for (const copy of copies) yield warning(`the key of the root still lies in ${copy}: remove that file`);
  for (const at of unplaced)
    yield warning(
      `the key of the root was written to a PKCS#12 file on ${formatTime(new Date(at))}, and it is not on record where`,
    );
  for (const { place, name, madeAt } of backups)
    yield warning(
      `the backup ${name} of ${formatTime(new Date(madeAt))} in ${place} still holds the key of the root`,
    );
}

/** What is removed is decided where the log is. */
async function remove(context: Context): Promise<Pick<Left, 'removed' | 'copies'>> {
  const { removed, left } = await withAdmin(context, (admin) => admin.call('ca.remove-copies', {}));
  return { removed, copies: left };
}

/** What is thrown before anything is taken out of the keystore; `storage_full` when it could not be recorded. */
const keyIsHere = [
  'password_wrong',
  'backup_damaged',
  'backup_foreign',
  'root_offline',
  'storage_full',
] as const;

/** Removes the file only when it is certain that its key is still where it was. */
async function withdraw({ output }: Context, path: string, error: unknown): Promise<void> {
  if (isHoldfastError(error, ...keyIsHere)) return await rm(path);
  output.warn(
    `${path} is kept: it may be the only place that has the key of the root now; "holdfast ca show" says whether it left`,
  );
}

const newFile = { replace: false } as const;
