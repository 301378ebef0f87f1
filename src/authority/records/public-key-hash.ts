import { hash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';

/** What a public key is known by in the records: the SHA-256 of its SubjectPublicKeyInfo. */
export function publicKeyHash(spki: Bytes): Bytes {
  const known = hashes.get(spki);
  if (known !== undefined) return known;
  const made = hash('sha256', spki, 'buffer');
  hashes.set(spki, made);
  return made;
}

/** Several rules ask for that of one request. */
const hashes = new WeakMap<Bytes, Bytes>();
