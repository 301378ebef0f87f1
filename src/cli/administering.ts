import { type AdminClient, connectAdmin, inProcessAdmin } from '../admin/index.ts';
import { adminContext, openAuthorityHome } from './authority-home.ts';
import type { Context } from './context.ts';
import { openHome } from './home.ts';

/**
 * Gives `work` the admin API of this home's authority: over the socket when a server runs here, else in this process
 * with the home held for as long as the work takes.
 */
export async function withAdmin<T>(context: Context, work: (admin: AdminClient) => Promise<T>): Promise<T> {
  const home = await openHome(context.home);
  const running = await connectAdmin(home.socket, context.signal);
  if (running !== undefined) return work(running);
  await using opened = await openAuthorityHome(context, home);
  return await work(inProcessAdmin({ ...adminContext(context, opened), listeners: [] }));
}
