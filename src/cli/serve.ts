import { setFlagsFromString } from 'node:v8';
import { openAuthorityHome } from './authority-home.ts';
import type { Context } from './context.ts';
import { sayAuthority } from './creating.ts';
import { openHome } from './home.ts';
import { type ServingOptions, sayServer, startServing } from './serving.ts';
import { untilOver } from './until-over.ts';

/** `holdfast serve`: the server of this home until Ctrl-C. */
export async function serve(context: Context, options: ServingOptions): Promise<void> {
  // The launcher gives a server's main thread a large young generation (MiB); the other threads need none.
  setFlagsFromString('--max-semi-space-size=1');
  const home = await openHome(context.home);
  await using opened = await openAuthorityHome(context, home, { worker: true });
  await using serving = await startServing(context, opened, options);
  await sayAuthority(context, opened);
  sayServer(context, serving);
  await untilOver(context, serving);
}
