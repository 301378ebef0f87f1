import type { OperationAnswer } from '../../admin/index.ts';
import type { Secret } from '../../base/index.ts';
import { notHeldRows } from '../ca/backup-order.ts';
import { type ChosenFile, checkChosenFile, writeChosenFile } from '../files/chosen-file.ts';
import { localPath } from '../files/local-path.ts';
import { withAdmin } from '../home/administering.ts';
import type { Context } from '../program/context.ts';
import { type Answer, type Row, row } from '../terminal/answer.ts';
import { formatBytes } from '../terminal/format.ts';
import { prepareDirectory } from './written-files.ts';

/** Where the authority's keys go, and under which password. */
export interface KeyBackup extends ChosenFile {
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
