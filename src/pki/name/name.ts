import { fromHex, toHex } from '../../base/index.ts';
import {
  type DerReader,
  type DerWriter,
  peekString,
  readString,
  tag,
  writeDer,
  writeString,
} from '../der/index.ts';
import {
  type AttributeShortName,
  attributeOids,
  type NameAttribute,
  nameAttribute,
} from './name-attribute.ts';

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

/** Reads a Name. @throws HoldfastError `der_malformed` */
export function readName(reader: DerReader): Name {
  return reader.list(tag.sequence, () => readRdn(reader), 0);
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
    if (previous !== undefined && Buffer.compare(previous, der) > 0)
      throw reader.problem('set is not in order');
    previous = der;
    return attribute;
  });
}

function readAttribute(reader: DerReader): NameAttribute {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    const encoding = peekString(reader);
    if (encoding === undefined) return { oid, value: `#${toHex(reader.element())}`, encoding: 'der' };
    return { oid, value: readString(reader, encoding), encoding };
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

function writeAttribute(writer: DerWriter, attribute: NameAttribute): void {
  writer.inside(tag.sequence, () => {
    writer.oid(attribute.oid);
    if (attribute.encoding === 'der') return writer.element(fromHex(attribute.value.slice(1)));
    writeString(writer, attribute.encoding, attribute.value);
  });
}
