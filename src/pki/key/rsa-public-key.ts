import { type Bytes, toHex } from '../../base/index.ts';
import { readDer, tag } from '../der/index.ts';

/** The two numbers of an RSA public key (RFC 8017 §A.1.1), as they stand in it: whole numbers, perhaps not positive. */
export interface RsaPublicKey {
  readonly modulus: Bytes;
  readonly exponent: Bytes;
}

/** A longer exponent only makes verifying slow, with time that grows by each bit of it; 65537 has 17. */
export const maxExponentBits = 32;

/** Reads what the BIT STRING of an RSA key holds. @throws HoldfastError `der_malformed` */
export function readRsaPublicKey(bits: Bytes): RsaPublicKey {
  return readDer(bits, (reader) =>
    reader.inside(tag.sequence, () => ({ modulus: reader.integer(), exponent: reader.integer() })),
  );
}

/** The bits of a positive INTEGER; 0 for one that is not positive. */
export function bitLength(integer: Bytes): number {
  const [first = 0] = integer;
  if (first >= 0x80) return 0;
  const top = first === 0 ? (integer[1] ?? 0) : first;
  return 8 * (integer.length - (first === 0 ? 2 : 1)) + 32 - Math.clz32(top);
}

/** The number that a positive INTEGER stands for. */
export function toNumber(integer: Bytes): bigint {
  return BigInt(`0x${toHex(integer)}`);
}
