import { moveToServer, serverUrl } from '../../agent/index.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';

/** `holdfast client set-server URL` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'use this address of a server first, from now on; only when everything there is as it has to be',
      )
      .argument('<url>', 'scheme, host and port of the server, e.g. https://vault.example:8443')
      .addHelpText('after', examples);
  },
  run: setServer,
};

const examples = `
It is tried before anything is changed: TLS, its name, role and network, this machine's certificate and what it may do there.
The addresses of before are tried after it. Renewals do not change it.

Examples:
  holdfast client set-server https://vault.example
  holdfast client set-server https://192.0.2.7:8443
`;

/** `holdfast client set-server URL` */
async function setServer(context: Context, url: string): Promise<Answer> {
  const server = serverUrl(url);
  const { node } = await openOwnNode(context);
  const [before = ''] = node.state.servers;
  await moveToServer(node, server, context);
  const { servers } = node.state;
  const rows = [
    before === server
      ? row('unchanged', `${server} is used first already`)
      : row('changed', `${before} → ${server}`),
    row('servers', servers.join(', ')),
  ];
  return { value: { before, server, servers }, rows };
}
