import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { type Bytes, equalSecrets } from '../../base/index.ts';
import { blockSize } from './counter.ts';
import { isUsableKey, type MasterKey } from './master-key.ts';
import type { Poly1305 } from './poly1305.ts';

const nonceSize = blockSize;
const tagSize = 16;

/** What sealing adds to a plaintext: 16 bytes of nonce before it and 16 bytes of tag after it. */
export const unitOverhead = nonceSize + tagSize;

/**
 * Seals and opens encrypted units: `nonce ‖ AES-256-CTR(plaintext) ‖ Poly1305-AES tag of the ciphertext`
 * (restic design document, "Keys, Encryption and MAC"; Bernstein, "The Poly1305-AES message-authentication code").
 * One object serves one thread.
 */
export class UnitCipher {
  readonly #encryptKey: KeyObject;
  readonly #poly1305: Poly1305;
  readonly #nonceCipher: Cipheriv;
  readonly #oneTimeKey = new Uint8Array(32);

  /** A `TypeError` when a part of the key has the wrong length or is all zero. */
  constructor(key: MasterKey, poly1305: Poly1305) {
    if (!isUsableKey(key)) throw new TypeError('not a usable key');
    // From raw bytes each cipher would first make this, which costs as much as decrypting 30 kB.
    this.#encryptKey = createSecretKey(key.encrypt);
    this.#poly1305 = poly1305;
    this.#nonceCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false);
    this.#oneTimeKey.set(key.macR, 0);
  }

  /** The unit that holds `plaintext` under a fresh random nonce. */
  seal(plaintext: Bytes): Bytes {
    const unit = new Uint8Array(plaintext.length + unitOverhead);
    const nonce = unit.subarray(0, nonceSize);
    do randomFillSync(nonce);
    while (isZero(nonce));
    unit.set(createCipheriv('aes-256-ctr', this.#encryptKey, nonce).update(plaintext), nonceSize);
    const tagAt = nonceSize + plaintext.length;
    unit.set(this.tag(nonce, unit.subarray(nonceSize, tagAt)), tagAt);
    return unit;
  }

  /** The plaintext of a unit, or undefined when it is too short, its nonce all zero or its tag wrong. */
  unseal(unit: Bytes): Bytes | undefined {
    if (unit.length < unitOverhead) return undefined;
    const nonce = unit.subarray(0, nonceSize);
    const ciphertext = unit.subarray(nonceSize, unit.length - tagSize);
    if (isZero(nonce)) return undefined;
    if (!equalSecrets(this.tag(nonce, ciphertext), unit.subarray(unit.length - tagSize))) return undefined;
    return createDecipheriv('aes-256-ctr', this.#encryptKey, nonce).update(ciphertext);
  }

  /** The 16 bytes of tag for a ciphertext that was made under `nonce`. */
  tag(nonce: Bytes, ciphertext: Bytes): Bytes {
    this.#oneTimeKey.set(this.#nonceCipher.update(nonce), 16);
    return this.#poly1305(this.#oneTimeKey, ciphertext);
  }
}

function isZero(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0);
}
