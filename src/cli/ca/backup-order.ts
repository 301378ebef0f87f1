import type { OperationAnswer } from '../../admin/index.ts';
import type { Secret } from '../../base/index.ts';
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

/** Has a backup made in a file. */
export async function orderBackup(
  context: Context,
  operation: 'ca.backup' | 'ca.move',
  { file, options }: { readonly file: string; readonly options: BackupProtection },
): Promise<OperationAnswer<'ca.backup'>> {
  const { force = false } = options;
  const path = localPath(context.workingDirectory, file);
  const input = { path, force, ...(await passwordOf(context, options)) };
  return await withAdmin(context, (admin) => admin.call(operation, input));
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
}: OperationAnswer<'ca.backup'>): Iterable<Row> {
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
