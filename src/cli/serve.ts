import { setFlagsFromString } from 'node:v8';
import { HoldfastError } from '../base/index.ts';
import { openAuthorityHome } from './home/authority-home.ts';
import { authorityRows } from './home/creating.ts';
import { checkHome, type Home, openHome } from './home/home.ts';
import { aloneSettings } from './home/settings.ts';
import { addServingOptions } from './options/server-options.ts';
import type { Context } from './program/context.ts';
import { sayServer, startServing, untilOver } from './serving/serving.ts';
import { type AloneOptions, createAloneHome, serveAlone } from './serving/serving-alone.ts';
import { isStorageHome, serveStorage } from './serving/serving-storage.ts';
import { printRows } from './terminal/answer.ts';
import type { Word } from './word.ts';

/** `holdfast serve` */
export const word: Word = {
  define: (command) => {
    addServingOptions(command)
      .option(
        '--self-signed',
        'serve without an authority: make a certificate that nothing vouches for, and let clients in by bearer tokens',
      )
      .option('--renew-certificate', 'of such a server: make another certificate for the same key')
      .addHelpText('after', examples);
  },
  run: serve,
};

const examples = `
The first start with --self-signed makes the home, with cert256.arm in it, which clients import: holdfast trust add, or dsmcert -add. Later
starts need no option.

Examples:
  holdfast serve
  holdfast serve --home /srv/holdfast --port 9443
  holdfast serve --home /srv/vault1           # where holdfast join has made a storage node
  holdfast serve --self-signed --names vault.example --home /srv/vault
`;

const begin =
  'a network with its authority is made by holdfast init, a storage node of one by holdfast join, a server without an authority by holdfast serve --self-signed';

/** `holdfast serve`: the server of this home, or its storage node, until Ctrl-C. */
export async function serve(context: Context, options: AloneOptions): Promise<void> {
  // The launcher gives a server's main thread a large young generation (MiB); the other threads need none.
  setFlagsFromString('--max-semi-space-size=1');
  const alone = await aloneHome(context, options);
  if (alone !== undefined) return await serveAlone(context, alone.home, alone.options);
  const home = await openHome(context.home, begin);
  if (await isStorageHome(home)) return await serveStorage(context, home, options);
  await using opened = await openAuthorityHome(context, home, { worker: true });
  await using serving = await startServing(context, opened, options);
  printRows(context.output, await authorityRows(opened));
  sayServer(context, serving);
  await untilOver(context, serving);
}

/** The home of a server without an authority: one that is there, or is to be made now. */
async function aloneHome(
  context: Context,
  options: AloneOptions,
): Promise<{ readonly home: Home; readonly options: AloneOptions } | undefined> {
  const { selfSigned = false, renewCertificate = false } = options;
  const home = (await checkHome(context.home)) === 'used' ? await openHome(context.home) : undefined;
  if (home !== undefined && (await aloneSettings(home)) !== undefined) return { home, options };
  // What was said is kept in its settings.
  if (selfSigned) return { home: await createAloneHome(context, options), options: {} };
  if (!renewCertificate) return undefined;
  throw new HoldfastError(
    'usage',
    '--renew-certificate is for a server without an authority, and there is none in this home',
    {
      hint: 'the certificate of a network renews itself; such a server is begun by: holdfast serve --self-signed',
    },
  );
}
