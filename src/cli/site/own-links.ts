import { openNode, readNodeState } from '../../agent/index.ts';
import { HoldfastError } from '../../base/index.ts';
import { Links } from '../../sync/index.ts';
import { askAdmin, networkStatus } from '../home/administering.ts';
import { type Home, openHome } from '../home/home.ts';
import { readSettings, type Settings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';

/** The links of this machine. @throws HoldfastError `site_missing`, `link_files_damaged` */
export async function ownLinks({ home }: Pick<Context, 'home'>): Promise<Links> {
  return await Links.open((await openHome(home)).links);
}

/** Which network this machine is of, and the root of its authority. */
export interface OwnNetwork {
  readonly network: string;
  readonly root: string;
}

/** @throws HoldfastError `node_not_joined` where this machine is of no network */
export async function ownNetwork(
  context: Context,
  home: Home,
): Promise<OwnNetwork & { readonly settings: Settings | undefined }> {
  const settings = await readSettings(home);
  if (settings !== undefined && settings.selfSigned !== true) {
    const { authority } = await askAdmin(context, networkStatus);
    return { network: settings.network, root: authority.root.fingerprint, settings };
  }
  const state = await readNodeState(home.node);
  if (state === undefined)
    throw new HoldfastError('node_not_joined', 'this machine is of no network, and a site is one');
  const { bundle } = await openNode(home.node);
  const anchor = bundle.current.anchors.find(({ speaksFor }) => speaksFor.kind === 'network');
  return { network: bundle.current.network, root: anchor?.fingerprint ?? '', settings };
}
