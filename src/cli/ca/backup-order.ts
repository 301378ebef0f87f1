import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type AdminClient, fetchBackup, type OperationAnswer } from '../../admin/index.ts';
import { type Bytes, HoldfastError, type Secret } from '../../base/index.ts';
import { type ChosenFile, checkChosenFile, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { formatBytes } from '../terminal/format.ts';
import { choosePassword } from '../terminal/given-secrets.ts';
import { prepareDirectory } from '../vendor/written-files.ts';

/** How a backup is protected, and whether it may replace a file. */
export interface BackupProtection {
  readonly password?: boolean | undefined;
  readonly passwordFile?: string | undefined;
  readonly force?: boolean | undefined;
}

type BackupAnswer = OperationAnswer<'ca.backup-keep'>;

/** Has a backup made, and writes it to a file. Errors: as `writeChosenFile` */
export async function orderBackup(
  context: Context,
  file: string,
  { force = false, ...options }: BackupProtection,
): Promise<BackupAnswer> {
  const path = localPath(context.workingDirectory, file);
  const chosen = {
    replace: force,
    word: '--force',
    inDirectory: 'name a file in it, or let each backup there have a name of its own: --to DIRECTORY',
  };
  await checkChosenFile(path, chosen);
  const input = await passwordOf(context, options);
  return await withAdmin(context, async (admin) =>
    fetchToFile(admin, await admin.call('ca.backup', input), path, chosen),
  );
}

/** Has the authority moved into a file, which may be there when a move into it was cut short. Errors: as {@link orderBackup} */
export async function orderMove(
  context: Context,
  file: string,
  options: BackupProtection,
): Promise<BackupAnswer> {
  const to = localPath(context.workingDirectory, file);
  await checkChosenFile(to, { replace: true });
  const isThere = await lstat(to).then(
    () => true,
    () => false,
  );
  const input = { to, isThere, ...(await passwordOf(context, options)) };
  return await withAdmin(context, async (admin) =>
    fetchToFile(admin, await admin.call('ca.move', input), to, { replace: isThere }),
  );
}

/** What is written is read back before it is put on record. */
async function fetchToFile(
  admin: AdminClient,
  made: OperationAnswer<'ca.backup'>,
  path: string,
  chosen: ChosenFile,
): Promise<BackupAnswer> {
  const write = async (pieces: AsyncIterable<Bytes>): Promise<void> => {
    await writeChosenFile(path, pieces, chosen);
    const sum = createHash('sha256');
    await pipeline(createReadStream(path), sum);
    if (sum.digest('hex') !== made.sha256)
      throw new HoldfastError('backup_damaged', `${path}: what was read back is not what was written`, {
        hint: 'see to that disk, or name another place',
      });
  };
  return await fetchBackup(admin, made, { path, write });
}

/** The password that is to open a backup, where one is said; the recovery kit opens it otherwise. */
export async function passwordOf(
  context: Context,
  { passwordFile, password = passwordFile !== undefined }: BackupProtection,
): Promise<{ password?: string }> {
  if (!password) return {};
  return { password: (await choosePassword(context, passwordFile, 'password for the backup')).reveal() };
}

/** The rows of a backup that was made, and of the keys in it. */
export function* backupRows({
  path,
  bytes,
  sequence,
  opensWith,
  keys,
  notHeld = [],
}: BackupAnswer): Iterable<Row> {
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  yield row('backed up', path, formatBytes(bytes), `up to record ${sequence}`, 'read back whole');
  yield row('keys', held.join(', '));
  yield row('opens with', `the ${opensWith}`);
  yield* notHeldRows(
    notHeld,
    (label) => `the key ${label} is not on this machine, so it is not in the backup`,
  );
}

/** What a copy of the authority does not hold: the recovery key, which none does, and what `missing` says of others. */
export function* notHeldRows(labels: readonly string[], missing: (label: string) => string): Iterable<Row> {
  for (const label of labels) if (label !== 'recovery') yield warning(missing(label));
  if (labels.includes('recovery'))
    yield row('not in it', 'the private recovery key', 'the recovery kit has it, and nothing else');
}

/** Where the authority's keys go, and under which password. */
interface KeyBackup extends ChosenFile {
  readonly file: string;
  readonly password: Secret<string>;
  readonly legacy?: boolean;
}

/** Writes the authority's keys and certificates as PKCS#12, for its owner alone, and says which are not in it. */
export async function backUpKeys(
  context: Context,
  { file, password, legacy = false, ...chosen }: KeyBackup,
): Promise<Answer> {
  const path = localPath(context.workingDirectory, file);
  await prepareDirectory(path);
  await checkChosenFile(path, chosen);
  const answer = await withAdmin(context, (admin) =>
    admin.call('ca.export-keys', { password: password.reveal(), legacy, to: path }),
  );
  const bytes = Buffer.from(answer.file, 'base64');
  await writeChosenFile(path, bytes, chosen);
  return {
    value: { file: path, bytes: bytes.length, keys: answer.keys, notHeld: answer.notHeld },
    rows: keyRows(path, bytes.length, answer),
  };
}

function* keyRows(
  path: string,
  bytes: number,
  { keys, notHeld = [] }: OperationAnswer<'ca.export-keys'>,
): Iterable<Row> {
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  yield row('backed up', path, formatBytes(bytes), `keys ${held.join(', ')}`);
  yield* notHeldRows(notHeld, (label) => `the key ${label} is not on this machine, so it is not in the file`);
  yield row('without', 'what was issued and revoked: holdfast ca backup holds that too');
}
