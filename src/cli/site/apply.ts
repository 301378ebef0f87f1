import { checkNotServed, readSiteFiles, type Trusted, trustPartner } from '../../sync/index.ts';
import { localPath } from '../files/local-path.ts';
import { openHome } from '../home/home.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';
import { servedFolders } from './served-folders.ts';
import { sharesText } from './site-view.ts';

/** `holdfast site apply DIR` */
export const word: Word = {
  define: (command) => {
    command
      .description('trust another site, by the files that it has exported')
      .argument('<dir>', 'the folder that was brought from there')
      .option('--name <name>', 'what the site is called here (default: as it calls itself)')
      .addHelpText('after', examples);
  },
  run: applySite,
};

const examples = `
The folder holds the files of one site, no private key, and lies in no folder that is served to others. Compare the root that is
shown with what the other side has: there, holdfast site list.

Examples:
  holdfast site apply from-the-other-side
  holdfast site apply from-the-other-side --name north
`;

/** `holdfast site apply DIR` */
async function applySite(
  context: Context,
  folder: string,
  { name }: { readonly name?: string },
): Promise<Answer> {
  const directory = localPath(context.workingDirectory, folder);
  await checkNotServed(directory, await servedFolders(await openHome(context.home)));
  const bundle = await readSiteFiles(directory);
  const links = await ownLinks(context);
  const nowMs = context.clock.now();
  let became: { trusted: Trusted; name: string } = { trusted: 'same', name: bundle.site };
  await links.change((state) => {
    const { state: next, ...rest } = trustPartner(state, { bundle, name, by: 'files', nowMs });
    became = rest;
    return next;
  });
  const { trusted, name: site } = became;
  const root = bundle.root.fingerprint;
  return {
    value: { site, trusted, network: bundle.network, root, sequence: bundle.sequence },
    rows: [
      row('site', site, words[trusted]),
      row('network', bundle.network),
      row('root', root),
      row('links', `for ${sharesText(bundle.shares)}`),
      note(`when the other side has applied the files of this one: holdfast site test ${site}`),
    ],
  };
}

const words: Readonly<Record<Trusted, string>> = {
  added: 'is trusted from now on',
  newer: 'has told something newer of itself, which its root has signed',
  same: 'is trusted already, and has told nothing new',
};
