import type { DerReader } from './der-reader.ts';
import { tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';
import { type ObjectIdentifier, registerOids } from './object-identifier.ts';

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
