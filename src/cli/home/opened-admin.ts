import { type AdminClient, inProcessAdmin } from '../../admin/index.ts';
import type { Looks } from '../../authority/index.ts';
import type { Context } from '../program/context.ts';
import { adminContext, openAuthorityHome } from './authority-home.ts';
import type { Home } from './home.ts';

/** How long a command waits for the mirrors before it begins; a mirror that does not answer keeps nobody from working. */
const mirrorPatienceMs = 2000;

/**
 * Gives `work` the admin API of this home's authority, opened in this process and held for as long as the work takes. It has a
 * file of its own, so that who finds a server running loads no authority.
 */
export async function withOpenedAdmin<T>(
  context: Context,
  home: Home,
  looks: Looks | undefined,
  work: (admin: AdminClient) => Promise<T>,
): Promise<T> {
  await using opened = await openAuthorityHome(context, home, { looks });
  // One whose mirrors know of a newer copy must not decide anything, as none that serves does.
  if (looks === undefined && opened.authority.mirrors.configured)
    await opened.authority.mirrors.flush(mirrorPatienceMs);
  return await work(inProcessAdmin({ ...adminContext(context, opened), listeners: [] }));
}
