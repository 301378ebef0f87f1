import { resolve } from 'node:path';
import { HoldfastError } from '../base/index.ts';
import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';
import { readPasswordFile } from './password-file.ts';
import { readKit } from './recovering.ts';

/** What `ca rehearse` takes. */
export interface CaRehearseOptions {
  readonly kit?: string;
  readonly passphraseFile?: string;
  readonly passwordFile?: string;
}

/** `holdfast ca rehearse [FILE]`: fails when the backup would not do. */
export async function rehearseBackup(
  context: Context,
  file: string | undefined,
  options: CaRehearseOptions,
): Promise<void> {
  const { output, workingDirectory } = context;
  const path = file === undefined ? {} : { path: resolve(workingDirectory, file) };
  const key = await keyOf(context, options);
  const answer = await withAdmin(context, (admin) => admin.call('ca.rehearse', { ...path, ...key }));
  if (output.json) output.value(answer);
  else {
    for (const { what, good, found } of answer.steps) output.row(what, good ? 'good' : 'BAD', found);
    if (answer.depth === 'looked at')
      output.warn(
        'it was not opened: only kit or password show whether what is inside can be used (--kit FILE)',
      );
  }
  if (answer.good) return;
  throw new HoldfastError('backup_damaged', `the backup ${answer.name} would not do`, {
    hint: 'make another one: holdfast ca backup FILE',
  });
}

async function keyOf(
  context: Context,
  { kit, passphraseFile, passwordFile }: CaRehearseOptions,
): Promise<{ identity?: string; password?: string }> {
  if (passwordFile !== undefined)
    return { password: (await readPasswordFile(context, passwordFile)).reveal() };
  if (kit === undefined) return {};
  const order = { kit, ...(passphraseFile !== undefined && { passphraseFile }) };
  return { identity: (await readKit(context, order)).identity.reveal() };
}
