import type { Context } from '../program/context.ts';
import { type Answer, row, table } from '../terminal/answer.ts';
import { formatTime } from '../terminal/format.ts';
import type { Word } from '../word.ts';
import { ownLinks } from './own-links.ts';
import { sharesText, viewPartner } from './site-view.ts';

/** `holdfast site list` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'list the sites that are trusted here, whether they trust this one, until when, and what is missing',
      )
      .addHelpText('after', '\nExamples:\n  holdfast site list\n  holdfast site list --json\n');
  },
  run: listSites,
};

/** `holdfast site list` */
async function listSites(context: Context): Promise<Answer> {
  const links = await ownLinks(context);
  const { own } = links;
  const nowMs = context.clock.now();
  const sites = links.partners.map((partner) => viewPartner(links, partner, nowMs));
  const columns = [
    { heading: 'Site' },
    { heading: 'Network', shrink: true },
    { heading: 'Trusted here' },
    { heading: 'Trusts us' },
    { heading: 'Until' },
    { heading: 'Missing', shrink: true },
  ];
  const cells = sites.map(({ site, network, sequence, knows, until, missing = '' }) => [
    site,
    network,
    `number ${sequence}`,
    knows === undefined ? 'not said' : `number ${knows}`,
    formatTime(new Date(until)),
    missing,
  ]);
  const none = 'no site is trusted here yet: holdfast site pair, or holdfast site apply DIR';
  return {
    value: {
      own: {
        site: own.site,
        network: own.network,
        root: own.root.fingerprint,
        sequence: own.sequence,
        addresses: own.addresses,
        shares: own.shares,
      },
      sites,
    },
    rows: [
      row('this site', own.site, `number ${own.sequence}`, own.addresses.join(' ')),
      row('root', own.root.fingerprint),
      row('links', `for ${sharesText(own.shares)}`),
      table(columns, cells, none),
    ],
  };
}
