import { type Node, openNode } from '../../agent/index.ts';
import type { Context } from '../program/context.ts';
import { type Home, openHome } from './home.ts';
import { readSettings } from './settings.ts';

/**
 * This machine as a node, with its home. The home of a server that has lost its settings says that, and not that it has joined
 * nothing. @throws HoldfastError `home_missing`, `settings_invalid`, `node_not_joined`
 */
export async function openOwnNode(context: Context): Promise<{ readonly home: Home; readonly node: Node }> {
  const home = await openHome(context.home);
  await readSettings(home);
  return { home, node: await openNode(home.node) };
}
