import { type Connection, connectNode, type Node, openNode, readNodeState } from '../../agent/index.ts';
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
  const settings = await readSettings(home);
  const isServer = settings !== undefined && settings.selfSigned !== true;
  if (isServer && (await readNodeState(home.node)) === undefined)
    throw new HoldfastError('node_not_joined', "the server's own machine is no client of its network yet", {
      hint: `while holdfast serve runs: ${joiningItself()}`,
    });
  return { home, node: await openNode(home.node) };
}

/**
 * Connects this machine to the first of `servers` that answers, of those it knows unless said. While servers have to prove nothing
 * to it, that is said each time.
 */
export async function connectOwn(
  context: Context,
  node: Node,
  servers?: readonly string[],
): Promise<Connection> {
  const { output } = context;
  const { clock, log, signal, line } = context;
  if (!node.clientPolicy.verifyServer)
    output.warn(
      'servers prove nothing to this machine, and anybody on the way can take their place, until: holdfast client set verifyServer on',
    );
  const connection = await connectNode(node, { clock, log, signal, line, ...(servers && { servers }) });
  const doubt = connection.dialer.doubt();
  if (doubt !== undefined)
    output.warn(`${connection.server} has not proved to be a server: ${doubt.message}`);
  return connection;
}

/** The command by which the machine of a server that runs becomes a client of it. */
export function joiningItself(): string {
  return `holdfast token create ${machineName()} | holdfast join`;
}
