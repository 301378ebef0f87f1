import {
  forgetToken,
  isOfNetwork,
  type Node,
  openNode,
  openOrCreateKeystore,
  readNodeState,
  takeOutsideToken,
  takeToken,
} from '../../agent/index.ts';
import type { Secret } from '../../base/index.ts';
import { parseBearerToken } from '../../trust/index.ts';
import { type Home, homeAt, withHome } from '../home/home.ts';
import { openOwnNode } from '../home/own-node.ts';
import { addRules, atMostOne } from '../options/word-rules.ts';
import type { Context } from '../program/context.ts';
import { repositoryUrl } from '../repository/repository-target.ts';
import { type Answer, note, row } from '../terminal/answer.ts';
import { askOrRead, readPasswordFile } from '../terminal/given-secrets.ts';
import type { Word } from '../word.ts';

/** `holdfast client set-token [URL]` */
export const word: Word = {
  define: (command) => {
    addRules(command, atMostOne('--token-file', '--remove'))
      .description(
        'hold a bearer token, and show it where no certificate is shown; only when a server takes it',
      )
      .argument(
        '[url]',
        'where it is tried: a server outside the network, or a repository there, for that one alone; else the first server of the network',
      )
      .option(
        '--token-file <file>',
        'file with the token; asked for, or read from standard input, unless said',
      )
      .option('--remove', 'forget the token')
      .addHelpText('after', examples);
  },
  run: setToken,
};

const examples = `
At the server: holdfast token create --bearer NAME. It is tried before anything is kept, and lies in the keystore. Servers of the
network are shown it while presentCertificate is off (holdfast client set presentCertificate off), one outside it always; nobody is who
has not proved to be that server.

Examples:
  holdfast client set-token --token-file token
  holdfast client set-token https://vault.example:8443/laptop/ < token
  holdfast client set-token --remove
`;

/** What `client set-token` takes besides the address. */
interface SetTokenOptions {
  readonly tokenFile?: string;
  readonly remove?: boolean;
}

/** `holdfast client set-token [URL]` */
async function setToken(
  context: Context,
  url: string | undefined,
  options: SetTokenOptions,
): Promise<Answer> {
  if (url === undefined) return await setForNetwork(context, options);
  const place = repositoryUrl(context.workingDirectory, url);
  const { hostname, origin } = new URL(place);
  const node = await nodeIn(homeAt(context.home));
  const isOwn = node !== undefined && isOfNetwork(node, hostname);
  return isOwn ? await setForNetwork(context, options, origin) : await setOutside(context, place, options);
}

/** `server` is one at which no certificate is required, where the first that is known requires one. */
async function setForNetwork(context: Context, options: SetTokenOptions, server?: string): Promise<Answer> {
  const { node } = await openOwnNode(context);
  if (options.remove === true) {
    await forgetToken(node.keystore);
    return forgotten('its network');
  }
  const token = await givenToken(context, options);
  const taking = await takeToken(node, token, { ...context, server });
  const { role, name } = node.identity;
  const rows = [row('held', `the bearer token of ${role} ${name}`, `${taking} takes it`)];
  const later = note('shown from now on where no certificate is: holdfast client set presentCertificate off');
  return {
    value: { server: taking, held: true },
    rows: node.clientPolicy.presentCertificate ? [...rows, later] : rows,
  };
}

async function setOutside(context: Context, url: string, options: SetTokenOptions): Promise<Answer> {
  return await withHome(context.home, async (home) => {
    const keystore = await openOrCreateKeystore(home.node);
    if (options.remove === true) {
      const { origin } = new URL(url);
      await forgetToken(keystore, origin);
      return forgotten(origin);
    }
    const token = await givenToken(context, options);
    const caller = { directory: home.node, node: await nodeIn(home) };
    const server = await takeOutsideToken(url, token, { caller, keystore, way: context });
    return {
      value: { server, held: true },
      rows: [row('held', `the bearer token for ${server}`, 'it takes it')],
    };
  });
}

async function nodeIn({ node }: Home): Promise<Node | undefined> {
  return (await readNodeState(node)) === undefined ? undefined : await openNode(node);
}

function forgotten(server: string): Answer {
  return { value: { held: false }, rows: [row('forgotten', `the bearer token for ${server}`)] };
}

async function givenToken(context: Context, { tokenFile }: SetTokenOptions): Promise<Secret<string>> {
  const hint =
    'name a file that holds it with --token-file FILE; holdfast token create --bearer NAME prints it, at the server';
  const text =
    tokenFile === undefined
      ? await askOrRead(context, 'bearer token', hint)
      : await readPasswordFile(context, tokenFile, 'token');
  return parseBearerToken(text);
}
