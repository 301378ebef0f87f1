import type { Bytes } from '../../base/index.ts';
import { type Identity, keyKind } from '../../pki/index.ts';
import type { ProfilePolicy } from '../../policy/index.ts';
import { publicKeyHash, type Records } from '../records/index.ts';
import { checkKeyStrength } from '../signing/index.ts';
import { requestNotAllowed } from './authorisation.ts';

/**
 * Refuses a public key that can be broken, that the role's profile does not have, that was revoked as compromised, or
 * that was ever certified for somebody else, the authority itself included: two identities with one key could stand in
 * for each other.
 * @throws HoldfastError `key_weak`, `request_not_allowed`, `key_unsupported`, `key_malformed`
 */
export async function checkPublicKey(
  tx: Records,
  spki: Bytes,
  { identity: { role, name }, profile }: { readonly identity: Identity; readonly profile: ProfilePolicy },
): Promise<void> {
  checkKeyStrength(spki);
  const algorithm = keyKind(spki);
  const allowed: readonly string[] = profile.keyAlgorithms;
  if (!allowed.includes(algorithm)) {
    throw requestNotAllowed(
      `a key of the kind ${algorithm} is not allowed for ${role}: expected ${allowed.join(', ')}`,
    );
  }
  const { isCompromised, isForeign } = await useOfKey(tx, publicKeyHash(spki), { role, name });
  if (isCompromised) throw requestNotAllowed('the public key was revoked as compromised');
  if (isForeign) throw requestNotAllowed('the public key belongs to another identity');
}

/** What is on record of a public key. */
async function useOfKey(
  { certificates, issuers }: Records,
  publicKey: Bytes,
  { role, name }: Pick<Identity, 'role' | 'name'>,
): Promise<{ isCompromised: boolean; isForeign: boolean }> {
  const uses = await certificates.usesOf(publicKey);
  return {
    isCompromised: uses.some((use) => use.revocation_reason === 'keyCompromise'),
    isForeign:
      uses.some((use) => use.role !== role || use.name !== name) || (await issuers.hasKey(publicKey)),
  };
}
