import { resolve } from 'node:path';
import { HoldfastError, type Secret, writeFileAtomic } from '../../base/index.ts';
import { withAdmin } from '../administering.ts';
import type { Context } from '../context.ts';
import { formatBytes } from '../format.ts';
import { isThere, prepareDirectory } from './written-files.ts';

/** Where the authority's keys go, and under which password. */
export interface KeyBackup {
  readonly file: string;
  readonly password: Secret<string>;
  readonly legacy?: boolean;
  /** Replace a file that is there. */
  readonly force?: boolean;
}

/** Writes the authority's keys and certificates as PKCS#12, for its owner alone, and says which are not in it. */
export async function backUpKeys(
  context: Context,
  { file, password, legacy = false, force = false }: KeyBackup,
): Promise<void> {
  const { output } = context;
  const path = resolve(context.workingDirectory, file);
  await prepareDirectory(path);
  if (!force && (await isThere(path))) throw alreadyThere(path);
  const answer = await withAdmin(context, (admin) =>
    admin.call('ca.export-keys', { password: password.reveal(), legacy }),
  );
  const bytes = Buffer.from(answer.file, 'base64');
  await writeFileAtomic(path, bytes, { exclusive: !force });
  if (output.json) return output.value({ file: path, bytes: bytes.length, keys: answer.keys });
  const held = answer.keys.filter((key) => key.held).map(({ label }) => label);
  output.row('backed up', path, formatBytes(bytes.length), `keys ${held.join(', ')}`);
  for (const { label } of answer.keys.filter((key) => !key.held))
    output.warn(`the key ${label} is not on this machine, so it is not in the file`);
  output.row('without', 'what was issued and revoked: holdfast ca backup holds that too');
}

function alreadyThere(path: string): HoldfastError {
  return new HoldfastError('object_exists', `there is a file at ${path} already`, {
    hint: 'name another one, or say --force to replace it',
  });
}
