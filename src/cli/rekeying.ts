import { withAdmin } from './administering.ts';
import { choosePassword } from './choose-password.ts';
import type { Context } from './context.ts';

/** What `keystore rekey` takes. */
export interface RekeyOptions {
  readonly newPassphraseFile?: string;
  readonly stash?: boolean;
}

/** `holdfast keystore rekey`: another passphrase, or a stash, opens the authority's keystore from now on. */
export async function rekeyKeystore(context: Context, options: RekeyOptions): Promise<void> {
  const { stash = false, newPassphraseFile: file } = options;
  const chosen = stash ? undefined : await choosePassword(context, file, 'new passphrase');
  const input = { passphrase: chosen?.reveal() };
  const { openedBy } = await withAdmin(context, (admin) => admin.call('keystore.rekey', input));
  if (context.output.json) return context.output.value({ openedBy });
  context.output.row(
    'keystore',
    openedBy === 'stash' ? 'opened by a stash file' : 'opened by the new passphrase',
  );
}
