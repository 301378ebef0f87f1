import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { asBuffer, type Bytes, equalSecrets } from '../../base/index.ts';
import { isUsableKey, type MasterKey } from './master-key.ts';
import type { Poly1305 } from './poly1305.ts';

/** Bytes in one AES block, and in the counter that stands for it. */
export const blockSize = 16;

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

const limb = 2 ** 32;

/** How many AES blocks, the last perhaps partly used, `bytes` bytes of plaintext take. */
export function blockCount(bytes: number): number {
  return Math.ceil(bytes / blockSize);
}

/**
 * The CTR block `blocks` blocks after `counter`, modulo 2^128, in an array of its own.
 *
 * Counter mode encrypts block i of a stream under `start + i` (NIST SP 800-38A, 6.5), so a blob that begins at a
 * block border of a longer stream is, seen alone, a blob whose nonce is this value.
 *
 * @param counter 16 bytes, big-endian
 * @param blocks a whole number, 0 or more, below 2^53
 */
export function addToCounter(counter: Bytes, blocks: number): Bytes {
  if (counter.length !== blockSize) throw new TypeError('a counter has 16 bytes');
  if (!Number.isSafeInteger(blocks) || blocks < 0) throw new TypeError('blocks is a whole number');
  const sum = Uint8Array.from(counter);
  const view = asBuffer(sum);
  let rest = blocks;
  for (let at = blockSize - 4; at >= 0 && rest > 0; at -= 4) {
    const value = view.readUInt32BE(at) + (rest % limb);
    view.writeUInt32BE(value % limb, at);
    rest = Math.floor(rest / limb) + Math.floor(value / limb);
  }
  return sum;
}
