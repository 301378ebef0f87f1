import { parseCertutil } from '../../compat/index.ts';
import type { Context } from '../context.ts';
import { backUpKeys } from './back-up-keys.ts';
import type { KeysToRestore } from './restore-keys.ts';

/** `certutil -backup PASSWORD FILE`, `certutil -restore PASSWORD FILE`. */
export async function certutil(
  context: Context,
  words: readonly string[],
  options: Pick<KeysToRestore, 'reEnrol' | 'trustIssued' | 'mirror'>,
): Promise<void> {
  const { action, password, file, force } = parseCertutil(words);
  context.output.warn(
    'a password on the command line can be seen by others on this machine and stays in the history',
  );
  if (action === 'backup') return await backUpKeys(context, { file, password, replace: force, word: '-f' });
  const { restoreKeys } = await import('./restore-keys.ts');
  await restoreKeys(context, { file, password, ...options });
}
