import { HoldfastError } from '../base/index.ts';
import type { GeneralName, Role } from '../pki/index.ts';
import { defaultProfiles, parseRequestedNames } from '../policy/index.ts';

/**
 * The host names and addresses, as typed, that certificates of `role` are to carry beside the identity.
 * @throws HoldfastError `name_invalid`, also for a role whose certificates carry none
 */
export function parseAuthorisedNames(role: Role, texts: readonly string[]): readonly GeneralName[] {
  const { nameKinds } = defaultProfiles[role];
  const { names } = parseRequestedNames(texts);
  const excess = names.find(({ kind }) => !nameKinds.includes(kind));
  if (excess === undefined) return names;
  throw new HoldfastError(
    'name_invalid',
    `name ${excess.value}: certificates of the role ${role} carry no names but their own`,
  );
}
