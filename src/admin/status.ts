import { access } from 'node:fs/promises';
import type { AuthorityStatus } from '../authority/index.ts';
import type { AdminContext, ListenerView } from './admin-context.ts';

/** How the network's authority and its server are. */
export interface StatusAnswer {
  readonly authority: AuthorityStatus;
  /** Empty when no server runs. */
  readonly listeners: readonly ListenerView[];
}

/** Looks at authority, listeners and whether the recovery kit still lies where it was written. */
export async function showStatus({
  authority,
  listeners,
  recoveryKitPath,
}: AdminContext): Promise<StatusAnswer> {
  const kitIsThere = await access(recoveryKitPath).then(
    () => true,
    () => false,
  );
  return { authority: await authority.status(kitIsThere ? { kitPath: recoveryKitPath } : {}), listeners };
}
