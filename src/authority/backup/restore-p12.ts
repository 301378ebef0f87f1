import { authorityExists, buildAuthority } from '../build-authority.ts';
import { lockHome } from '../home-lock.ts';
import { hasAuthority } from '../open-authority.ts';
import type { AuthorityKeys } from './read-p12.ts';
import { type StageOptions, stagePkcs12 } from './stage-p12.ts';

/**
 * Makes the authority of a home from keys and certificates, and nothing else; see {@link stagePkcs12} for what it is
 * then. Whatever goes wrong, the home is as it was. @throws HoldfastError `home_exists`, `home_in_use`
 */
export async function restorePkcs12(
  authority: AuthorityKeys,
  { home, ...options }: StageOptions & { readonly home: string },
): Promise<void> {
  const lock = await lockHome(home);
  try {
    if (await hasAuthority(home)) throw authorityExists(home);
    await buildAuthority(home, (directory) => stagePkcs12(directory, authority, options));
  } finally {
    lock.release();
  }
}
