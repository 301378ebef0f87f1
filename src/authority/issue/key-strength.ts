import { type Bytes, HoldfastError } from '../../base/index.ts';
import { weaknessOfKey } from '../../pki/index.ts';

/** Refuses a public key that can be broken. @throws HoldfastError `key_weak`, saying how; `key_malformed` */
export function checkKeyStrength(spki: Bytes): void {
  const weakness = weaknessOfKey(spki);
  if (weakness === undefined) return;
  throw new HoldfastError('key_weak', `the public key has ${weakness}`, {
    hint: 'make a new key, P-256 for example, and a new request with it',
  });
}
