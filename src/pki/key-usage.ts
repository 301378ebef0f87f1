import type { DerReader } from './der-reader.ts';
import type { DerWriter } from './der-writer.ts';

/** What a key may be used for, in the order of the bits (RFC 5280 §4.2.1.3). */
const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsage = (typeof keyUsages)[number];

/** Reads KeyUsage; bits beyond the ninth have no meaning and are left out. */
export function readKeyUsage(reader: DerReader): KeyUsage[] {
  const { bytes } = reader.bitString();
  return keyUsages.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** Writes KeyUsage as a named bit list: no zero bits at its end (X.690 §11.2.2). */
export function writeKeyUsage(writer: DerWriter, usages: readonly KeyUsage[]): void {
  const bits = usages.map((usage) => keyUsages.indexOf(usage));
  const last = Math.max(...bits);
  const bytes = new Uint8Array(1 + (last >> 3));
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  writer.bitString(bytes, 7 - (last & 7));
}
