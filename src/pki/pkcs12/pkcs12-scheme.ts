import { createDecipheriv } from 'node:crypto';
import { asBuffer, type Bytes, systemErrorCode } from '../../base/index.ts';
import { type ObjectIdentifier, registerOids } from '../der/index.ts';
import { keyPurpose, pkcs12Kdf, pkcs12KdfBlocks } from './key-derivation.ts';

/** The ciphers of PKCS#12's own encryption (RFC 7292 Appendix C), all under a key derived with SHA-1. */
export type Pkcs12Scheme = 'Triple DES' | 'two-key Triple DES' | 'RC2-128' | 'RC2-40' | 'RC4-128' | 'RC4-40';

/** What key and initialisation vector are derived from; `password` as `pkcs12Passwords` gives it. */
interface Pkcs12Derivation {
  readonly password: Bytes;
  readonly salt: Bytes;
  readonly iterations: number;
}

export interface KeyAndIv {
  readonly key: Bytes;
  readonly iv: Bytes;
}

interface SchemeRow {
  readonly oid: ObjectIdentifier;
  readonly keyBytes: number;
  readonly ivBytes: number;
  /** Without the padding; undefined when what comes out has none. */
  readonly decrypt: (keyAndIv: KeyAndIv, data: Bytes) => Bytes | undefined;
}

const rows: Readonly<Record<Pkcs12Scheme, SchemeRow>> = {
  'RC4-128': { oid: '1.2.840.113549.1.12.1.1', keyBytes: 16, ivBytes: 0, decrypt: rc4 },
  'RC4-40': { oid: '1.2.840.113549.1.12.1.2', keyBytes: 5, ivBytes: 0, decrypt: rc4 },
  'Triple DES': {
    oid: '1.2.840.113549.1.12.1.3',
    keyBytes: 24,
    ivBytes: 8,
    decrypt: (keyAndIv, data) => decipher('des-ede3-cbc', keyAndIv, data),
  },
  'two-key Triple DES': {
    oid: '1.2.840.113549.1.12.1.4',
    keyBytes: 16,
    ivBytes: 8,
    decrypt: (keyAndIv, data) => decipher('des-ede-cbc', keyAndIv, data),
  },
  'RC2-128': { oid: '1.2.840.113549.1.12.1.5', keyBytes: 16, ivBytes: 8, decrypt: rc2 },
  'RC2-40': { oid: '1.2.840.113549.1.12.1.6', keyBytes: 5, ivBytes: 8, decrypt: rc2 },
};

const schemes = new Map(Object.entries(rows).map(([scheme, { oid }]) => [oid, scheme as Pkcs12Scheme]));

registerOids(schemes.keys());

/** Which scheme `oid` is, or undefined. */
export function pkcs12SchemeOf(oid: ObjectIdentifier): Pkcs12Scheme | undefined {
  return schemes.get(oid);
}

export function pkcs12SchemeOid(scheme: Pkcs12Scheme): ObjectIdentifier {
  return rows[scheme].oid;
}

/** How many blocks, each of all the iterations, a scheme derives. */
export function pkcs12SchemeBlocks(scheme: Pkcs12Scheme): number {
  const { keyBytes, ivBytes } = rows[scheme];
  return pkcs12KdfBlocks('sha1', keyBytes) + pkcs12KdfBlocks('sha1', ivBytes);
}

export async function derivePkcs12Key(scheme: Pkcs12Scheme, derivation: Pkcs12Derivation): Promise<KeyAndIv> {
  const { keyBytes, ivBytes } = rows[scheme];
  const common = { hash: 'sha1', ...derivation } as const;
  const key = await pkcs12Kdf({ ...common, purpose: keyPurpose.encryption, length: keyBytes });
  const iv = await pkcs12Kdf({ ...common, purpose: keyPurpose.iv, length: ivBytes });
  return { key, iv };
}

/** The decrypted data without its padding, or undefined when it has none: the key is another one, or the data damaged. */
export function decryptPkcs12Scheme(
  scheme: Pkcs12Scheme,
  keyAndIv: KeyAndIv,
  data: Bytes,
): Bytes | undefined {
  return rows[scheme].decrypt(keyAndIv, data);
}

/** As {@link decryptPkcs12Scheme}, with a cipher of `node:crypto`. */
export function decipher(name: string, { key, iv }: KeyAndIv, data: Bytes): Bytes | undefined {
  try {
    const cipher = createDecipheriv(name, key, iv);
    return Buffer.concat([cipher.update(data), cipher.final()]);
  } catch (cause) {
    if (systemErrorCode(cause)?.startsWith('ERR_') !== true) throw cause;
    return undefined;
  }
}

/** In these schemes all bits of an RC2 key count. */
function rc2({ key, iv }: KeyAndIv, data: Bytes): Bytes | undefined {
  if (data.length === 0 || data.length % 8 !== 0) return undefined;
  const padded = decryptRc2Cbc({ key, effectiveBits: 8 * key.length }, iv, data);
  const padding = padded.at(-1) as number;
  const isPadding =
    padding >= 1 && padding <= 8 && padded.subarray(-padding).every((byte) => byte === padding);
  return isPadding ? padded.subarray(0, -padding) : undefined;
}

function rc4({ key }: KeyAndIv, data: Bytes): Bytes {
  return decryptRc4(key, data);
}

/** A key of RC2, and how many of its bits count: 40 in a file that had to leave the United States before 2000. */
interface Rc2Key {
  readonly key: Bytes;
  readonly effectiveBits: number;
}

/** Bytes in a block. */
const blockBytes = 8;

/**
 * Decrypts whole blocks of RC2 in CBC mode (RFC 2268 §4), with the padding still on. Only for reading files of old: RC2 is
 * broken with 40 bits, and abandoned with more. A `TypeError` when `data` is not whole blocks.
 */
export function decryptRc2Cbc(key: Rc2Key, iv: Bytes, data: Bytes): Bytes {
  if (data.length % blockBytes !== 0) throw new TypeError(`RC2 has blocks of ${blockBytes} bytes`);
  const words = expandKey(key);
  const encrypted = asBuffer(data);
  const out = Buffer.alloc(data.length);
  const block = new Uint16Array(4);
  for (let at = 0; at < data.length; at += blockBytes) {
    for (let index = 0; index < 4; index++) block[index] = encrypted.readUInt16LE(at + 2 * index);
    decryptBlock(block, words);
    const chained = at === 0 ? asBuffer(iv) : encrypted.subarray(at - blockBytes, at);
    for (let index = 0; index < 4; index++)
      out.writeUInt16LE((block[index] as number) ^ chained.readUInt16LE(2 * index), at + 2 * index);
  }
  return out;
}

/** A permutation of the bytes, from the digits of pi (RFC 2268 §2). */
const piTable = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

/** The 64 words that a key becomes (RFC 2268 §2). */
function expandKey({ key, effectiveBits }: Rc2Key): Uint16Array {
  const bytes = Buffer.alloc(128);
  bytes.set(key);
  const byte = (at: number): number => bytes[at] as number;
  for (let at = key.length; at < 128; at++) bytes[at] = pi(byte(at - 1) + byte(at - key.length));
  const effectiveBytes = Math.ceil(effectiveBits / 8);
  const first = 128 - effectiveBytes;
  bytes[first] = pi(byte(first) & (0xff >> (8 * effectiveBytes - effectiveBits)));
  for (let at = first - 1; at >= 0; at--) bytes[at] = pi(byte(at + 1) ^ byte(at + effectiveBytes));
  return Uint16Array.from({ length: 64 }, (_, index) => bytes.readUInt16LE(2 * index));
}

function pi(index: number): number {
  return piTable[index & 0xff] as number;
}

/** Sixteen mixing rounds backwards, with a mashing round after the fifth and the eleventh of them (RFC 2268 §4). */
function decryptBlock(block: Uint16Array, words: Uint16Array): void {
  for (let round = 15; round >= 0; round--) {
    unmix(block, words, 4 * round);
    if (round === 11 || round === 5) unmash(block, words);
  }
}

const rotations = [1, 2, 3, 5] as const;

/** One mixing round backwards (RFC 2268 §4.1, §4.2), with the four words of the key from `from` on. */
function unmix(block: Uint16Array, words: Uint16Array, from: number): void {
  for (let index = 3; index >= 0; index--) {
    const rotation = rotations[index] as number;
    const word = block[index] as number;
    const [one, two, three] = [before(block, index, 1), before(block, index, 2), before(block, index, 3)];
    const turned = (word >>> rotation) | (word << (16 - rotation));
    block[index] = turned - (words[from + index] as number) - (one & two) - (~one & three);
  }
}

/** One mashing round backwards (RFC 2268 §4.3, §4.4). */
function unmash(block: Uint16Array, words: Uint16Array): void {
  for (let index = 3; index >= 0; index--)
    block[index] = (block[index] as number) - (words[before(block, index, 1) & 63] as number);
}

/** The word so many places before, round the corner. */
function before(block: Uint16Array, index: number, places: number): number {
  return block[(index - places) & 3] as number;
}

/** Decrypts RC4, a stream without padding (as RFC 6229 tests it). Only for reading files of old: RC4 is broken. */
export function decryptRc4(key: Bytes, data: Bytes): Bytes {
  const state = scheduleKey(key);
  const at = (index: number): number => state[index & 0xff] as number;
  let j = 0;
  return asBuffer(data).map((byte, index) => {
    const i = index + 1;
    j += at(i);
    swap(state, i, j);
    return byte ^ at(at(i) + at(j));
  });
}

function scheduleKey(key: Bytes): Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  let j = 0;
  for (let i = 0; i < 256; i++) {
    j += (state[i] as number) + (key[i % key.length] as number);
    swap(state, i, j);
  }
  return state;
}

function swap(state: Uint8Array, i: number, j: number): void {
  const kept = state[i & 0xff] as number;
  state[i & 0xff] = state[j & 0xff] as number;
  state[j & 0xff] = kept;
}
