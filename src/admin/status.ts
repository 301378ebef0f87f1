import { access } from 'node:fs/promises';
import type { AuthorityStatus } from '../authority/index.ts';
import type { AdminContext, BoundCertificate, ListenerView } from './admin-context.ts';

/** How the network's authority and its server are. */
export interface StatusAnswer {
  readonly authority: AuthorityStatus;
  /** Empty when no server runs. */
  readonly listeners: readonly ListenerView[];
  /** Where repositories are kept; `problem` says why none is stored or given out, and what to do. */
  readonly store: { readonly directory: string; readonly problem: string | null };
  /** Certificates from elsewhere that the server shows. */
  readonly bound: readonly BoundCertificate[];
}

/** Looks at authority, listeners and whether the recovery kit still lies where it was written. */
export async function showStatus({
  authority,
  listeners,
  recoveryKitPath,
  store,
  bound,
}: AdminContext): Promise<StatusAnswer> {
  const kitIsThere = await access(recoveryKitPath).then(
    () => true,
    () => false,
  );
  const missing = await store.problem();
  const problem = missing === undefined ? null : `${missing.message}: ${missing.hint ?? missing.code}`;
  const status = await authority.status(kitIsThere ? { kitPath: recoveryKitPath } : {});
  return {
    authority: status,
    listeners,
    store: { directory: store.directory, problem },
    bound: await bound(),
  };
}
