import { setFlagsFromString } from 'node:v8';
import { openAuthorityHome } from './home/authority-home.ts';
import { authorityRows } from './home/creating.ts';
import { openHome } from './home/home.ts';
import { addServingOptions } from './options/server-options.ts';
import type { Context } from './program/context.ts';
import { type ServingOptions, sayServer, startServing, untilOver } from './serving/serving.ts';
import { printRows } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast serve` */
export const word: Word = {
  define: (command) => {
    addServingOptions(command).addHelpText(
      'after',
      '\nExamples:\n  holdfast serve\n  holdfast serve --home /srv/holdfast --port 9443\n',
    );
  },
  run: serve,
};

/** `holdfast serve`: the server of this home until Ctrl-C. */
export async function serve(context: Context, options: ServingOptions): Promise<void> {
  // The launcher gives a server's main thread a large young generation (MiB); the other threads need none.
  setFlagsFromString('--max-semi-space-size=1');
  const home = await openHome(context.home);
  await using opened = await openAuthorityHome(context, home, { worker: true });
  await using serving = await startServing(context, opened, options);
  printRows(context.output, await authorityRows(opened));
  sayServer(context, serving);
  await untilOver(context, serving);
}
