import { randomBytes } from 'node:crypto';
import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';
import { asBase64, isJsonObject, type JsonObject } from './json-object.ts';

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
export function isUsableKey(key: MasterKey): boolean {
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
