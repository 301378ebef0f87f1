import { isPrintable, type ObjectIdentifier, registerOids, type StringEncoding } from '../der/index.ts';

/** The attribute types that have a short name (RFC 4514 §3, RFC 5280 §4.1.2.4 and Appendix A). */
export const attributeOids = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  street: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  postalCode: '2.5.4.17',
  name: '2.5.4.41',
  GN: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  dnQualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: '1.2.840.113549.1.9.1',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(attributeOids));

export type AttributeShortName = keyof typeof attributeOids;

/** One assertion of a name: a type and its value, and how the value is written, so that it is written back alike. */
export interface NameAttribute {
  readonly oid: ObjectIdentifier;
  /** The text; for `der`, where the value is no string, `#` and its DER in hexadecimal (RFC 4514 §2.4). */
  readonly value: string;
  readonly encoding: StringEncoding | 'der';
}

const shortNames = new Map<ObjectIdentifier, AttributeShortName>(
  Object.entries(attributeOids).map(([name, oid]) => [oid, name as AttributeShortName]),
);

/** `CN` for 2.5.4.3 and so on, or undefined for a type without short name. */
export function attributeShortName(oid: ObjectIdentifier): AttributeShortName | undefined {
  return shortNames.get(oid);
}

/**
 * An attribute in the string type RFC 5280 demands of its type: PrintableString for C, serialNumber and dnQualifier,
 * IA5String for DC and emailAddress, UTF8String for all others. A `TypeError` when the value does not fit.
 */
export function nameAttribute(type: AttributeShortName, value: string): NameAttribute {
  const encoding = encodings[type] ?? 'utf8';
  if (value === '') throw new TypeError(`attribute ${type} is empty`);
  if (encoding === 'printable' && !isPrintable(value)) {
    throw new TypeError(`attribute ${type} must be printable: ${JSON.stringify(value)}`);
  }
  return { oid: attributeOids[type], value, encoding };
}

const encodings: Partial<Record<AttributeShortName, StringEncoding>> = {
  C: 'printable',
  serialNumber: 'printable',
  dnQualifier: 'printable',
  DC: 'ia5',
  emailAddress: 'ia5',
};
