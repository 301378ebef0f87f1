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
      `${newKey}; or allow it at the server: holdfast policy set profiles.${role}.keyAlgorithms ${[...allowed, algorithm].join(',')}`,
    );
  }
  const publicKey = publicKeyHash(spki);
  const { isCompromised, isForeign } = await tx.certificates.useOfKey(publicKey, { role, name });
  if (isCompromised) throw requestNotAllowed('the public key was revoked as compromised', newKey);
  if (isForeign || (await tx.issuers.hasKey(publicKey)))
    throw requestNotAllowed('the public key belongs to another identity', newKey);
}

/** What helps where a key will not do. */
export const newKey = 'make a new key, P-256 for example, and a new request with it';
