import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';

export type KeyAlgorithm = 'p256' | 'p384' | 'p521' | 'ed25519' | 'rsa2048' | 'rsa3072' | 'rsa4096';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function generateKeyPair(algorithm: KeyAlgorithm): Promise<KeyPair> {
  throw new TypeError(`not yet ${algorithm}`);
}
export function importPrivateKey(pkcs8: Bytes): KeyObject {
  throw new TypeError(`not yet ${pkcs8.length}`);
}
export function exportPrivateKey(key: KeyObject): Bytes {
  throw new TypeError(`not yet ${key.type}`);
}
