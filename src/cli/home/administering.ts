import { type AdminClient, networkAdmin, type OperationAnswer } from '../../admin/index.ts';
import { openNode, readNodeState } from '../../agent/index.ts';
import { authorityWaiting, hasAuthority, type Looks, readWaiting } from '../../authority/index.ts';
import { HoldfastError } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import { askHolder } from './ask-holder.ts';
import { type Home, openHome } from './home.ts';
import { connectOwn } from './own-node.ts';
import { aloneSettings } from './settings.ts';

/**
 * Gives `work` the admin API: of this home's authority over the socket when a server runs here, else in this process
 * with the home held for as long as the work takes; in the home of an administrator, that of the network's server.
 */
export function withAdmin<T>(context: Context, work: (admin: AdminClient) => Promise<T>): Promise<T> {
  return reachAdmin(context, undefined, work);
}

/** The same for who only asks: nothing is recorded, in the home or on a mirror, so that what is damaged stays evidence. */
export function askAdmin<T>(
  context: Context,
  work: (admin: AdminClient) => Promise<T>,
  looks: Looks = 'always',
): Promise<T> {
  return reachAdmin(context, looks, work);
}

async function reachAdmin<T>(
  context: Context,
  looks: Looks | undefined,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  const home = await openHome(context.home);
  const waiting = await readWaiting(home.path);
  if (waiting !== undefined) throw authorityWaiting(home.path, waiting);
  if ((await aloneSettings(home)) !== undefined) {
    const { withAloneAdmin } = await import('../serving/serving-alone.ts');
    return await withAloneAdmin(context, home, work);
  }
  if (!(await hasAuthority(home.path))) return await withNetworkAdmin(context, home, work);
  return await askHolder(context, home, work, async (begin) => {
    const { withOpenedAdmin } = await import('./opened-admin.ts');
    return await withOpenedAdmin(context, home, looks, begin);
  });
}

async function withNetworkAdmin<T>(
  context: Context,
  home: Home,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  const state = await readNodeState(home.node);
  if (state?.role !== 'admin') {
    throw new HoldfastError('home_missing', `there is no authority in ${home.path}`, {
      hint: 'run this at the server, name its home with --home DIR, or join as a person: holdfast token create NAME --role admin',
    });
  }
  using connection = await connectOwn(context, await openNode(home.node));
  return await work(networkAdmin(connection, context.signal));
}

/** What the server of a network says of itself. */
export type NetworkStatus = OperationAnswer<'status'> & {
  readonly authority: NonNullable<OperationAnswer<'status'>['authority']>;
};

/** Asks the server of a network how it is. */
export async function networkStatus(admin: AdminClient): Promise<NetworkStatus> {
  const { authority, ...server } = await admin.call('status', {});
  if (authority === undefined) throw new TypeError('the server of a network says nothing of its authority');
  return { ...server, authority };
}
