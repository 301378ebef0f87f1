import { HoldfastError } from '../../base/index.ts';
import { openOwnNode } from '../home/own-node.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import type { Word } from '../word.ts';
import { isFor, keepTrust, serverName, tellExports } from './local-trust.ts';

/** `holdfast trust remove --server NAME` */
export const word: Word = {
  define: (command) => {
    command
      .description(
        'believe no root from elsewhere any more for a server name, as far as this machine was told by trust add',
      )
      .requiredOption('--server <name>', 'the host name or address')
      .addHelpText('after', '\nExample:\n  holdfast trust remove --server vault.example\n');
  },
  run: removeTrust,
};

/** `holdfast trust remove` */
async function removeTrust(context: Context, { server }: { readonly server: string }): Promise<Answer> {
  const { node } = await openOwnNode(context);
  const name = serverName(server);
  const left = node.localAnchors.filter((anchor) => !isFor(anchor, name));
  if (left.length === node.localAnchors.length) {
    // A call that was cut off may have come no further than what this machine believes.
    await tellExports(context, node);
    throw new HoldfastError('object_not_found', `no root was added on this machine for ${name}`, {
      hint: 'holdfast trust list shows them; what the network says is changed at its server: holdfast tls unbind',
    });
  }
  await keepTrust(context, node, left);
  return { value: { removed: name }, rows: [row('removed', name)] };
}
