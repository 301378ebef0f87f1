import { join } from 'node:path';
import { HoldfastError, isHoldfastError } from '../../base/index.ts';
import { readInstalled, type StoreScope, uninstallFrom } from '../../trust/index.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { installedFile, scopeOption } from './install.ts';

/** `holdfast trust uninstall --scope SCOPE` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        "take the network's root out of the trust stores that trust install put it into, which are as before then",
      )
      .addOption(scopeOption().makeOptionMandatory())
      .addHelpText('after', '\nExample:\n  holdfast trust uninstall --scope user\n');
  },
  run: uninstallRoot,
};

/** `holdfast trust uninstall`: each store that nobody has changed since; the others are named. */
async function uninstallRoot(context: Context, { scope }: { readonly scope: StoreScope }): Promise<Answer> {
  const { node } = await openHome(context.home);
  const record = join(node, installedFile);
  const installed = (await readInstalled(record)).filter((entry) => entry.scope === scope);
  if (installed.length === 0)
    throw new HoldfastError(
      'object_not_found',
      `nothing was installed from this home for the scope ${scope}`,
      {
        hint: 'holdfast trust install --scope says where a root would go: --dry-run',
      },
    );
  let failure: HoldfastError | undefined;
  const done: string[] = [];
  for (const entry of installed) {
    try {
      await uninstallFrom(record, entry);
      done.push(entry.store);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      failure ??= error;
    }
  }
  return { value: { uninstalled: done }, rows: done.map((name) => row('uninstalled', name)), failure };
}
