import { hash } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { Queries } from '../db/index.ts';
import { describePublicKey, type Identity } from '../pki/index.ts';
import { defaultProfiles } from '../policy/index.ts';
import { requestNotAllowed } from './request-rules.ts';

/** What a public key is known by in the records: the SHA-256 of its SubjectPublicKeyInfo. */
export function publicKeyHash(spki: Bytes): Bytes {
  return hash('sha256', spki, 'buffer');
}

/**
 * Refuses a public key that the role's profile does not have, or that was ever certified for somebody else, the
 * authority itself included: two identities with one key could stand in for each other.
 * @throws HoldfastError `request_not_allowed`, `key_unsupported`, `key_malformed`
 */
export async function checkPublicKey(tx: Queries, spki: Bytes, { role, name }: Identity): Promise<void> {
  const algorithm = algorithmOf(spki);
  const allowed: readonly string[] = defaultProfiles[role].keyAlgorithms;
  if (!allowed.includes(algorithm)) {
    throw requestNotAllowed(
      `a key of the kind ${algorithm} is not allowed for ${role}: expected ${allowed.join(', ')}`,
    );
  }
  const other = await tx.get(
    `SELECT 1 FROM certificates c JOIN identities i ON i.id = c.identity
      WHERE c.public_key = ? AND NOT (i.role = ? AND i.name = ?)
      UNION ALL SELECT 1 FROM issuers WHERE public_key = ? LIMIT 1`,
    publicKeyHash(spki),
    role,
    name,
    publicKeyHash(spki),
  );
  if (other !== undefined) throw requestNotAllowed('the public key belongs to another identity');
}

/** In the words of a profile's `keyAlgorithms`. */
function algorithmOf(spki: Bytes): string {
  const key = describePublicKey(spki);
  switch (key.kind) {
    case 'ec':
      return key.curve.replace('-', '').toLowerCase();
    case 'ed25519':
      return key.kind;
    case 'rsa':
    case 'rsa-pss':
      return `${key.kind}${key.modulusBits}`;
    default:
      throw new TypeError('no such kind of key');
  }
}
