import {
  type Cipheriv,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { asBuffer, type Bytes, equalSecrets, HoldfastError } from '../../base/index.ts';
import type { Poly1305 } from '../kernel/poly1305.ts';
import { asBase64, isJsonObject, type JsonObject } from './go-text.ts';

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

/**
 * The three keys under which everything in a repository is sealed (restic design document, "Keys, Encryption and MAC").
 * Whoever holds them reads and writes all of it; there is no way to change them.
 */
export interface MasterKey {
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Bytes;
  /** AES-128 key that turns a nonce into Poly1305's `s`, 16 bytes. */
  readonly macK: Bytes;
  /** Poly1305's `r`, 16 bytes; clamped wherever it is used. */
  readonly macR: Bytes;
}

/** A new master key. */
export function generateMasterKey(): MasterKey {
  return splitKey(randomBytes(64));
}

/** The three keys lying one after the other in 64 bytes, as scrypt gives them. */
export function splitKey(bytes: Bytes): MasterKey {
  if (bytes.length !== 64) throw new TypeError('three keys are 64 bytes');
  return {
    encrypt: Uint8Array.from(bytes.subarray(0, 32)),
    macK: Uint8Array.from(bytes.subarray(32, 48)),
    macR: Uint8Array.from(bytes.subarray(48, 64)),
  };
}

/** Whether the parts have their lengths and none of them is all zero, which restic refuses too. */
function isUsableKey(key: MasterKey): boolean {
  const lengths = key.encrypt.length === 32 && key.macK.length === 16 && key.macR.length === 16;
  return lengths && [key.encrypt, key.macK, key.macR].every((part) => part.some((byte) => byte !== 0));
}

/** The JSON that a key file's `data` seals. */
export function encodeMasterKey(key: MasterKey): Bytes {
  const mac = { k: base64(key.macK), r: base64(key.macR) };
  return Buffer.from(JSON.stringify({ mac, encrypt: base64(key.encrypt) }));
}

/** Reads the JSON back; `repository_damaged` when `what` holds no usable key. */
export function parseMasterKey(json: JsonObject, what: string): MasterKey {
  const mac = isJsonObject(json['mac']) ? json['mac'] : {};
  const encrypt = asBase64(json['encrypt']);
  const macK = asBase64(mac['k']);
  const macR = asBase64(mac['r']);
  if (encrypt && macK && macR) {
    const key = { encrypt, macK, macR };
    if (isUsableKey(key)) return key;
  }
  throw new HoldfastError('repository_damaged', `${what} opens with this password but holds no usable key`);
}

function base64(bytes: Bytes): string {
  return asBuffer(bytes).toString('base64');
}
