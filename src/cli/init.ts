import { authorityRows, createAuthorityHome } from './home/creating.ts';
import { addCreationOptions, type CreationOptions } from './options/server-options.ts';
import type { Context } from './program/context.ts';
import { type Answer, row } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast init` */
export const word: Word = {
  define: (command) => {
    addCreationOptions(command).addHelpText(
      'after',
      '\nExample:\n  holdfast init --network backup.example --names vault.example,192.0.2.7\n',
    );
  },
  run: initAuthority,
};

/** `holdfast init`: an authority and nothing else. */
export async function initAuthority(context: Context, options: CreationOptions): Promise<Answer> {
  await using opened = await createAuthorityHome(context, options);
  const { authority, home } = opened;
  const value = {
    network: authority.network,
    root: { fingerprint: authority.root.fingerprint },
    recoveryKit: home.recoveryKit,
    statusAddress: authority.statusAddress,
  };
  const next = row('next', 'holdfast serve   ·   holdfast token create NAME');
  return { value, rows: [...(await authorityRows(opened)), next] };
}
