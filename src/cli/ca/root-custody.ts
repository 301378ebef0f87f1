import { readFile, rm } from 'node:fs/promises';
import type { OperationAnswer } from '../../admin/index.ts';
import { isHoldfastError } from '../../base/index.ts';
import { checkChosenFile, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { readChosenFile } from '../files/read-chosen-file.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { choosePassword, givenPassword } from '../terminal/choose-password.ts';
import { formatTime } from '../terminal/format.ts';

/** What `ca offline` takes. */
export interface OfflineOptions {
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
export async function takeRootOffline(
  context: Context,
  file: string,
  options: OfflineOptions,
): Promise<void> {
  const { output, workingDirectory } = context;
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
  if (output.json) return output.value(answer);
  output.row('root', 'its key is offline', path);
  sayLeft(context, answer);
  output.row('until', formatTime(new Date(answer.crlUntil)), "the root's revocation list lasts until then");
  output.row('next', `keep ${path} and its password apart, off this machine`, 'holdfast ca online FILE');
}

type Left = Omit<OperationAnswer<'ca.offline'>, 'file'> & { readonly removed: readonly string[] };

function sayLeft({ output }: Context, { removed, copies = [], unplaced = [], backups }: Left): void {
  for (const copy of removed) output.row('removed', 'a copy of the key of the root', copy);
  for (const copy of copies) output.warn(`the key of the root still lies in ${copy}: remove that file`);
  for (const at of unplaced)
    output.warn(
      `the key of the root was written to a PKCS#12 file on ${formatTime(new Date(at))}, and it is not on record where`,
    );
  for (const { place, name, madeAt } of backups)
    output.warn(
      `the backup ${name} of ${formatTime(new Date(madeAt))} in ${place} still holds the key of the root`,
    );
}

/** What is removed is decided where the log is. */
async function remove(context: Context): Promise<Pick<Left, 'removed' | 'copies'>> {
  const { removed, left } = await withAdmin(context, (admin) => admin.call('ca.remove-copies', {}));
  return { removed, copies: left };
}

/** `holdfast ca online`: the key of the root is back until `ca offline` takes it away again. */
export async function bringRootOnline(
  context: Context,
  file: string,
  { passwordFile }: { readonly passwordFile?: string },
): Promise<void> {
  const path = localPath(context.workingDirectory, file);
  const sealed = (await read(path)).toString('base64');
  const password = await givenPassword(context, passwordFile, `password of ${path}`);
  const answer = await withAdmin(context, (admin) =>
    admin.call('ca.online', { passphrase: password.reveal(), sealed }),
  );
  if (context.output.json) return context.output.value(answer);
  context.output.row('root', 'its key is here');
  context.output.row('next', 'do what needs it, then take it away again: holdfast ca offline FILE');
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
const maxFileBytes = 48 * 1024;

async function read(path: string): Promise<Buffer> {
  const hint = 'nothing was changed; name the file that holdfast ca offline wrote';
  return await readChosenFile(path, { maxBytes: maxFileBytes, hint, tooLong: 'backup_foreign' });
}
