import { type DerReader, type DerWriter, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';

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

const purposeOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
  anyExtendedKeyUsage: '2.5.29.37.0',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(purposeOids));

/** A purpose by its name in RFC 5280 §4.2.1.12, or by its identifier when it has none there. */
export type ExtendedKeyUsage = keyof typeof purposeOids | ObjectIdentifier;

const purposeNames = new Map<ObjectIdentifier, ExtendedKeyUsage>(
  Object.entries(purposeOids).map(([name, oid]) => [oid, name as keyof typeof purposeOids]),
);

/** Reads ExtendedKeyUsage, at least one purpose. */
export function readExtendedKeyUsage(reader: DerReader): ExtendedKeyUsage[] {
  return reader.list(tag.sequence, () => {
    const oid = reader.oid();
    return purposeNames.get(oid) ?? oid;
  });
}

export function writeExtendedKeyUsage(writer: DerWriter, usages: readonly ExtendedKeyUsage[]): void {
  writer.inside(tag.sequence, () => {
    for (const usage of usages) writer.oid(isNamed(usage) ? purposeOids[usage] : usage);
  });
}

function isNamed(usage: ExtendedKeyUsage): usage is keyof typeof purposeOids {
  return Object.hasOwn(purposeOids, usage);
}

/** Whether a certificate may issue others, and how many further authorities may lie below it (RFC 5280 §4.2.1.9). */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength?: number;
}

/** Reads BasicConstraints. `cA FALSE`, which DER leaves out, is taken where it is written: many issuers do. */
export function readBasicConstraints(reader: DerReader): BasicConstraints {
  return reader.inside(tag.sequence, () => {
    const ca = reader.is(tag.boolean) && reader.boolean();
    if (reader.done) return { ca };
    return { ca, pathLength: reader.smallInteger() };
  });
}

/** Writes BasicConstraints; a path length is for authorities alone, else a `TypeError`. */
export function writeBasicConstraints(writer: DerWriter, { ca, pathLength }: BasicConstraints): void {
  if (!ca && pathLength !== undefined) throw new TypeError('a path length without cA');
  writer.inside(tag.sequence, () => {
    if (ca) writer.boolean(true);
    if (pathLength !== undefined) writer.smallInteger(pathLength);
  });
}
