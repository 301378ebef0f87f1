import { type Bytes, fromHex, toHex } from '../../base/index.ts';
import {
  type DerReader,
  type DerWriter,
  isPrintable,
  type ObjectIdentifier,
  peekString,
  readDer,
  readString,
  registerOids,
  type StringEncoding,
  tag,
  writeDer,
  writeString,
} from '../der/index.ts';

/** One level of a name; nearly always a single attribute, but it is a set. */
export type Rdn = readonly NameAttribute[];

/** A distinguished name (RFC 5280 §4.1.2.4), from the outermost level to the innermost. May be empty. */
export type Name = readonly Rdn[];

/** A name with one attribute a level, in the order given: `createName({ O: 'Holdfast', CN: 'alpha' })`. */
export function createName(attributes: Readonly<Partial<Record<AttributeShortName, string>>>): Name {
  return Object.entries(attributes).map(([type, value]) => [
    nameAttribute(type as AttributeShortName, value),
  ]);
}

/** The innermost common name, or undefined. */
export function commonName(name: Name): string | undefined {
  return name.flat().findLast((attribute) => attribute.oid === attributeOids.CN)?.value;
}

/** A name of its own, in DER. @throws HoldfastError `der_malformed` */
export function parseName(der: Bytes): Name {
  return readDer(der, readName);
}

/** Reads a Name; as-written, levels without anything are passed over. @throws HoldfastError `der_malformed` */
export function readName(reader: DerReader): Name {
  return reader.list(tag.sequence, () => readRdn(reader), 0).filter(({ length }) => length > 0);
}

/** Writes a Name: what was read comes out in the bytes it came in. */
export function writeName(writer: DerWriter, name: Name): void {
  writer.inside(tag.sequence, () => {
    for (const rdn of name) writeRdn(writer, rdn);
  });
}

/** Reads one level of a name, under SET or the implicit tag given. */
export function readRdn(reader: DerReader, wanted: number = tag.set): Rdn {
  let previous: Buffer | undefined;
  return reader.list(wanted, () => {
    const start = reader.position;
    const attribute = readAttribute(reader);
    const der = reader.since(start);
    // DER orders a SET OF by its elements' octets (X.690 §11.6); without that a name could not be written back alike.
    const isInOrder = previous === undefined || Buffer.compare(previous, der) <= 0;
    if (!isInOrder && reader.form === 'strict') throw reader.problem('set is not in order');
    previous = der;
    return attribute;
  });
}

function readAttribute(reader: DerReader): NameAttribute {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    const encoding = peekString(reader);
    if (encoding === undefined) return { oid, value: `#${toHex(reader.element())}`, encoding: 'der' };
    const value = readString(reader, encoding);
    return { oid, value, encoding: reader.form === 'as-written' ? 'utf8' : encoding };
  });
}

function writeRdn(writer: DerWriter, rdn: Rdn): void {
  if (rdn.length === 0) throw new TypeError('a level of a name has no attribute');
  writer.inside(tag.set, () => {
    const [only] = rdn;
    if (only !== undefined && rdn.length === 1) return writeAttribute(writer, only);
    const elements = rdn.map((attribute) => writeDer((inner) => writeAttribute(inner, attribute)));
    for (const element of elements.sort((a, b) => Buffer.compare(a, b))) writer.element(element);
  });
}

/** A name as it comes out of {@link writeName}, where levels with several attributes have them in the order of DER. */
export function inDerOrder(name: Name): Name {
  if (name.every(({ length }) => length < 2)) return name;
  return readDer(
    writeDer((writer) => writeName(writer, name)),
    readName,
  );
}

function writeAttribute(writer: DerWriter, attribute: NameAttribute): void {
  writer.inside(tag.sequence, () => {
    writer.oid(attribute.oid);
    if (attribute.encoding === 'der') return writer.element(fromHex(attribute.value.slice(1)));
    writeString(writer, attribute.encoding, attribute.value);
  });
}

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

/**
 * A text that two names share exactly when they are the same name: the string type does not count, nor the case of ASCII
 * letters, nor how many blanks there are. That is RFC 5280 §7.1 without its preparation of Unicode, whose time grows with
 * the square of what a stranger sends and which OpenSSL, Go and rustls leave out too: beyond ASCII a name is its bytes.
 * Linear time. For maps of issuers; not for people to read.
 */
export function nameKey(name: Name): string {
  return JSON.stringify(name.map(rdnKey));
}

/** Whether two names are the same name (RFC 5280 §7.1). */
export function equalNames(a: Name, b: Name): boolean {
  return a.length === b.length && nameKey(a) === nameKey(b);
}

/** Whether `name` is `base` or lies below it, as a directoryName constraint asks (RFC 5280 §4.2.1.10, §7.1). */
export function isNameWithin(name: Name, base: Name): boolean {
  return equalNames(name.slice(0, base.length), base);
}

/** The name for people, innermost level first (RFC 4514 §2); control and invisible characters are written as `\XX`. */
export function formatName(name: Name): string {
  return name.toReversed().map(formatRdn).join(',');
}

function rdnKey(rdn: Rdn): string[] {
  return rdn.map((attribute) => `${attribute.oid}=${valueKey(attribute)}`).sort();
}

/** Insignificant space (RFC 4518 §2.6.1) and case, of ASCII alone. */
function valueKey({ value, encoding }: NameAttribute): string {
  if (encoding === 'der') return value;
  const words = value.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase()).split(/[\t-\r ]/);
  // The mark keeps text that begins with '#' apart from a value that is no text.
  return `'${words.filter((word) => word !== '').join(' ')}`;
}

function formatRdn(rdn: Rdn): string {
  return rdn.map(formatAttribute).join('+');
}

function formatAttribute({ oid, value, encoding }: NameAttribute): string {
  const type = attributeShortName(oid) ?? oid;
  return `${type}=${encoding === 'der' ? value : escapeValue(value)}`;
}

function escapeValue(value: string): string {
  return value
    .replace(/["+,;<>\\]|^[ #]| $/g, '\\$&')
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
      Buffer.from(character).toString('hex').replace(/../g, '\\$&'),
    );
}
