import type { OperationAnswer } from '../admin/index.ts';
import { HoldfastError } from '../base/index.ts';
import { withAdmin } from './administering.ts';
import type { Context } from './context.ts';
import { localPath } from './local-path.ts';
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
  const path = file === undefined ? undefined : localPath(workingDirectory, file);
  const key = await keyOf(context, options);
  const answer = await withAdmin(context, (admin) => admin.call('ca.rehearse', { path, ...key }));
  if (output.json) output.value(answer);
  else {
    for (const { what, good, found } of answer.steps) output.row(what, good ? 'good' : 'BAD', found);
    if (answer.depth === 'looked at')
      output.warn(
        'it was not opened: only kit or password show whether what is inside can be used (--kit FILE)',
      );
  }
  if (answer.good) return;
  throw wouldNotDo(answer);
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
  { kit, passphraseFile, passwordFile }: CaRehearseOptions,
): Promise<{ identity?: string; password?: string }> {
  if (passwordFile !== undefined)
    return { password: (await readPasswordFile(context, passwordFile)).reveal() };
  if (kit === undefined) return {};
  const order = { kit, passphraseFile };
  return { identity: (await readKit(context, order)).identity.reveal() };
}
