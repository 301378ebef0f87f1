import type { OperationAnswer } from '../../admin/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { isUrl, localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import { backupPlace } from '../home/care-of.ts';
import { defaultKeep } from '../home/default-keep.ts';
import { openHome } from '../home/home.ts';
import { addSchedule } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { choosePassword } from '../terminal/choose-password.ts';
import { formatBytes } from '../terminal/format.ts';
import { backUpKeys } from '../vendor/back-up-keys.ts';

/** What `ca backup` and `ca move` take. */
export interface CaBackupOptions {
  readonly password?: boolean;
  readonly passwordFile?: string;
  readonly force?: boolean;
  readonly format?: 'age' | 'p12';
  readonly legacy?: boolean;
  readonly to?: string;
  readonly every?: string;
  readonly keep?: number;
}

/** `holdfast ca backup FILE` */
export async function backUpAuthority(
  context: Context,
  file: string,
  options: CaBackupOptions,
): Promise<void> {
  if (options.format === 'p12') return await backUpAsPkcs12(context, file, options);
  const answer = await order(context, 'ca.backup', { file, options });
  if (context.output.json) return context.output.value(answer);
  sayBackup(context, answer);
}

/** `holdfast ca backup --to PLACE`: one now and, when it is said how often, from the server's next start on by themselves. */
export async function backUpToPlace(context: Context, to: string, options: CaBackupOptions): Promise<void> {
  const { output, workingDirectory } = context;
  const { every, keep = defaultKeep } = options;
  if (isUrl(to)) backupPlace(to, workingDirectory);
  const place = isUrl(to) ? to : localPath(workingDirectory, to);
  const input = { to: place, keep, ...(await passwordOf(context, options)) };
  const answer = await withAdmin(context, (admin) => admin.call('ca.backup-to', input));
  if (every !== undefined) await addSchedule(await openHome(context.home), { to: place, every, keep });
  if (output.json) return output.value(answer);
  sayBackup(context, answer);
  if (every !== undefined)
    output.row('from now on', `every ${every}, ${keep} are kept`, 'once the server was started again');
}

/** `holdfast ca move FILE`: the authority goes on from the file, and not here. */
export async function moveAuthority(context: Context, file: string, options: CaBackupOptions): Promise<void> {
  const { output } = context;
  const answer = await order(context, 'ca.move', { file, options });
  if (output.json) return output.value(answer);
  sayBackup(context, answer);
  output.row('retired', 'this authority issues and answers no longer');
  output.row('next', `on the other machine: holdfast ca restore ${answer.path}`);
}

/** `holdfast ca move --undo REASON` */
export async function undoMoving(context: Context, reason: string): Promise<void> {
  const answer = await withAdmin(context, (admin) => admin.call('ca.move-undo', { reason }));
  if (answer.standing !== 'ready')
    throw new HoldfastError(
      'authority_superseded',
      `a mirror of the log knows a newer copy of this authority, which is ${answer.standing} and issues nothing`,
      { hint: 'use the newer one, on the machine where the file was restored' },
    );
  if (context.output.json) return context.output.value(answer);
  context.output.row('at work', 'this authority issues again');
  context.output.warn('destroy the file it was moved into: restored, it would be a second one');
}

async function backUpAsPkcs12(context: Context, file: string, options: CaBackupOptions): Promise<void> {
  const { passwordFile, legacy = false, force = false } = options;
  const password = await choosePassword(context, passwordFile, 'password for the PKCS#12 file');
  await backUpKeys(context, { file, password, legacy, replace: force, word: '--force' });
}

async function order(
  context: Context,
  operation: 'ca.backup' | 'ca.move',
  { file, options }: { readonly file: string; readonly options: CaBackupOptions },
): Promise<OperationAnswer<'ca.backup'>> {
  const { force = false } = options;
  const path = localPath(context.workingDirectory, file);
  const input = { path, force, ...(await passwordOf(context, options)) };
  return await withAdmin(context, (admin) => admin.call(operation, input));
}

async function passwordOf(
  context: Context,
  { passwordFile, password = passwordFile !== undefined }: CaBackupOptions,
): Promise<{ password?: string }> {
  if (!password) return {};
  return { password: (await choosePassword(context, passwordFile, 'password for the backup')).reveal() };
}

function sayBackup({ output }: Context, answer: OperationAnswer<'ca.backup'>): void {
  const { path, bytes, sequence, opensWith, keys } = answer;
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  output.row('backed up', path, formatBytes(bytes), `up to record ${sequence}`, 'read back whole');
  output.row('keys', held.join(', '));
  output.row('opens with', `the ${opensWith}`);
  for (const { label } of keys.filter((key) => !key.held))
    output.warn(`the key ${label} is not on this machine, so it is not in the backup`);
}
