import { type Node, openNode, readNodeState } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { machineName } from '../../transport/index.ts';
import type { Context } from '../program/context.ts';
import { type Home, openHome } from './home.ts';
import { readSettings } from './settings.ts';

/**
 * This machine as a node, with its home. The home of a server that has lost its settings says that, and not that it has joined
 * nothing; a server whose machine is no client of it yet, how it becomes one.
 * @throws HoldfastError `home_missing`, `settings_invalid`, `node_not_joined`
 */
export async function openOwnNode(context: Context): Promise<{ readonly home: Home; readonly node: Node }> {
  const home = await openHome(context.home);
  const isServer = (await readSettings(home)) !== undefined;
  if (isServer && (await readNodeState(home.node)) === undefined)
    throw new HoldfastError('node_not_joined', "the server's own machine is no client of its network yet", {
      hint: `while holdfast serve runs: ${joiningItself()}`,
    });
  return { home, node: await openNode(home.node) };
}

/** The command by which the machine of a server that runs becomes a client of it. */
export function joiningItself(): string {
  return `holdfast token create ${machineName()} | holdfast join`;
}
