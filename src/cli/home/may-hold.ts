import { readNodeState } from '../../agent/index.ts';
import { authorityWaiting, hasAuthority, readWaiting } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { identityUri } from '../../pki/index.ts';
import { checkHome, homeAt } from './home.ts';
import { readSettings } from './settings.ts';

/**
 * Whether the authority of `network` may be in the home at `path`.
 * @throws HoldfastError `node_already_joined`, `authority_waiting`
 */
export async function checkMayHoldAuthority(path: string, network: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  const waiting = await readWaiting(path);
  if (waiting !== undefined) throw authorityWaiting(path, waiting);
  await refuseNode(homeAt(path).node, network);
}

/** Whether a node of `network` may be in the home at `path`. @throws HoldfastError `home_exists` */
export async function checkMayHoldNode(path: string, network: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  if (!(await hasAuthority(path)) && (await readWaiting(path)) === undefined) return;
  const settings = await readSettings(homeAt(path));
  if (settings === undefined || settings.network === network) return;
  const message = `the home ${path} has the authority of ${settings.network}, and the code is of ${network}`;
  throw new HoldfastError('home_exists', message, {
    hint: 'join from another home: --home DIR',
  });
}

/** Refuses a directory that has the node of another network than `network`. @throws HoldfastError `node_already_joined` */
export async function refuseNode(directory: string, network: string | undefined): Promise<void> {
  const node = await readNodeState(directory);
  if (node === undefined || node.network === network) return;
  throw new HoldfastError('node_already_joined', `this machine is ${identityUri(node)} already`, {
    hint: 'holdfast backup PATH saves to the server of that network; an authority needs another home: --home DIR',
  });
}
