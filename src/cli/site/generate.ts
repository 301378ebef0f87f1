import { InvalidArgumentError, Option } from 'commander';
import { HoldfastError } from '../../base/index.ts';
import { isNodeName, type KeyAlgorithm } from '../../pki/index.ts';
import { namesToTell, reachableNames, urlHost } from '../../policy/index.ts';
import { isAddress, Links } from '../../sync/index.ts';
import { machineName } from '../../transport/index.ts';
import { openHome } from '../home/home.ts';
import { ListOption } from '../options/option-values.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { ownNetwork } from './own-links.ts';
import { sharesText } from './site-view.ts';

/** `holdfast site generate` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--share', '--all'))
      .description('make this machine a site to other networks: a server and a client certificate for links')
      .option('--name <name>', 'what the site is called (default: the name of the network)')
      .addOption(new ListOption('--share <list>', 'the folders that its links are for'))
      .option('--all', 'its links are for every folder that is named for them (default)')
      .addOption(
        new ListOption(
          '--address <list>',
          'HOST:PORT under which others dial it (default: its names and --port)',
        ),
      )
      .option('--port <n>', 'what it listens on for links (default: the port of the server and 3)', parsePort)
      .addOption(
        new Option(
          '--key-algorithm <kind>',
          'kind of the keys; a .pvk can hold RSA alone (default: p256)',
        ).choices(['p256', 'rsa3072']),
      )
      .addHelpText('after', examples);
  },
  run: generateSite,
};

const examples = `
The certificates are of a root of their own, which is of no use inside the network. A server that runs listens for links within a
second; one that does not will when it is started.

Examples:
  holdfast site generate
  holdfast site generate --share web --address vault.example:8446
`;

interface GenerateOptions {
  readonly name?: string;
  readonly share?: readonly string[];
  readonly address?: readonly string[];
  readonly port?: number;
  readonly keyAlgorithm?: KeyAlgorithm;
}

/** Behind the three ports of a server. */
const portOffset = 3;
const usualPort = 8446;

/** `holdfast site generate` */
async function generateSite(context: Context, options: GenerateOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const { network, root: networkRoot, settings } = await ownNetwork(context, home);
  const { name: site = network, share: shares = 'all', keyAlgorithm: algorithm = 'p256' } = options;
  const port = options.port ?? (settings === undefined ? usualPort : settings.port + portOffset);
  const hosts = settings === undefined ? [machineName()] : namesToTell(reachableNames(settings.names));
  const addresses = options.address ?? hosts.map((host) => `${urlHost(host)}:${port}`);
  checkWords(site, addresses);
  const nowMs = context.clock.now();
  const links = await Links.generate(home.links, {
    site,
    network,
    networkRoot,
    shares,
    addresses,
    port,
    algorithm,
    nowMs,
  });
  const { own } = links;
  return {
    value: {
      site,
      network,
      root: own.root.fingerprint,
      sequence: own.sequence,
      addresses,
      shares: own.shares,
    },
    rows: [
      row('site', site, addresses.join(' ')),
      row('root', own.root.fingerprint),
      row('links', `for ${sharesText(own.shares)}`),
      note('with a way to the other site: holdfast site pair; without one: holdfast site export DIR'),
    ],
  };
}

function checkWords(site: string, addresses: readonly string[]): void {
  if (!isNodeName(site))
    throw new HoldfastError(
      'usage',
      `${JSON.stringify(site.slice(0, 80))} cannot be the name of a site: expected small letters, digits, dots and dashes, 63 at most`,
      { hint: 'choose one: holdfast site generate --name NAME' },
    );
  const bad = addresses.find((address) => !isAddress(address));
  if (bad === undefined) return;
  throw new HoldfastError('usage', `${JSON.stringify(bad.slice(0, 80))} is no address, expected HOST:PORT`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('expected a port from 1 to 65535');
}
