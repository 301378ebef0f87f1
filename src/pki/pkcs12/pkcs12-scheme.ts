import { createDecipheriv } from 'node:crypto';
import { type Bytes, systemErrorCode } from '../../base/index.ts';
import { type ObjectIdentifier, registerOids } from '../der/index.ts';
import { keyPurpose, pkcs12Kdf, pkcs12KdfBlocks } from './key-derivation.ts';
import { decryptRc2Cbc, decryptRc4 } from './rc2-rc4.ts';

/** The ciphers of PKCS#12's own encryption (RFC 7292 Appendix C), all under a key derived with SHA-1. */
export type Pkcs12Scheme = 'Triple DES' | 'two-key Triple DES' | 'RC2-128' | 'RC2-40' | 'RC4-128' | 'RC4-40';

/** What key and initialisation vector are derived from; `password` as `pkcs12Passwords` gives it. */
export interface Pkcs12Derivation {
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
