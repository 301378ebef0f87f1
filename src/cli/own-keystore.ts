import { openOrCreateKeystore, readNodeState } from '../agent/index.ts';
import { Keystore } from '../trust/index.ts';
import type { Home } from './home.ts';

/**
 * The keystore of this machine, for keys that need no network: made when there was none yet. That of a node is never made
 * anew, since what was in it is lost then. @throws HoldfastError `keystore_missing`, `keystore_damaged`
 */
export async function ownKeystore({ node }: Home): Promise<Keystore> {
  const isNode = (await readNodeState(node)) !== undefined;
  return isNode ? await Keystore.open(node) : await openOrCreateKeystore(node);
}
