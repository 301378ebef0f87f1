import type { KeyObject } from 'node:crypto';
import { asBuffer, type Bytes } from '../../base/index.ts';
import {
  contextConstructed,
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  readString,
  registerOids,
  tag,
  writeDer,
  writeString,
} from '../der/index.ts';

/** The kinds of bags that are read and written, and their attributes (RFC 7292 §4.2, RFC 2985 §5.5). */
const oids = {
  key: '1.2.840.113549.1.12.10.1.1',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(oids));

/** What is in a PKCS#12 file. Which certificate is for which key shows in the public keys. */
export interface Pkcs12Contents {
  readonly keys: readonly Pkcs12Key[];
  readonly certificates: readonly Pkcs12Certificate[];
}

export interface Pkcs12Key {
  /** For people and as the alias in Java: the friendlyName. */
  readonly name?: string;
  readonly key: KeyObject;
}

export interface Pkcs12Certificate {
  readonly name?: string;
  readonly der: Bytes;
}

/** One SafeBag as read: `value` is PKCS#8, encrypted PKCS#8, or a certificate. */
export interface Bag {
  readonly kind: 'key' | 'shroudedKey' | 'certificate' | 'other';
  readonly value: Bytes;
  readonly name?: string;
}

/** What is written of a bag beside its value. */
export interface BagAttributes {
  readonly name?: string;
  /** The same in the bags of a key and of its certificate. */
  readonly localKeyId?: Bytes;
}

const maxBags = 256;

/** Reads SafeContents (RFC 7292 §4.2); bags of other kinds, such as CRLs, are there with nothing in them. */
export function readBags(reader: DerReader): Bag[] {
  const bags = reader.list(tag.sequence, () => readBag(reader), 0);
  if (bags.length > maxBags) throw reader.problem(`more than ${maxBags} bags`);
  return bags;
}

export function shroudedKeyBag(encryptedPkcs8: Bytes, attributes: BagAttributes): Bytes {
  return bag(oids.shroudedKey, (writer) => writer.element(encryptedPkcs8), attributes);
}

export function certificateBag(der: Bytes, attributes: BagAttributes): Bytes {
  const writeValue = (writer: DerWriter): void =>
    writer.inside(tag.sequence, () => {
      writer.oid(oids.x509Certificate);
      writer.inside(contextConstructed(0), () => writer.content(tag.octetString, der));
    });
  return bag(oids.certificate, writeValue, attributes);
}

function readBag(reader: DerReader): Bag {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    const value = reader.inside(contextConstructed(0), () => readValue(reader, oid));
    const name = reader.done ? undefined : readName(reader);
    return { ...value, name };
  });
}

function readValue(reader: DerReader, oid: ObjectIdentifier): Pick<Bag, 'kind' | 'value'> {
  if (oid === oids.key) return { kind: 'key', value: reader.element(tag.sequence) };
  if (oid === oids.shroudedKey) return { kind: 'shroudedKey', value: reader.element(tag.sequence) };
  if (oid !== oids.certificate) return { kind: 'other', value: reader.element() };
  return reader.inside(tag.sequence, () => {
    const kind = reader.oid() === oids.x509Certificate ? 'certificate' : 'other';
    return { kind, value: reader.inside(contextConstructed(0), () => reader.content(tag.octetString)) };
  });
}

/** The friendlyName among the attributes. */
function readName(reader: DerReader): string | undefined {
  let name: string | undefined;
  reader.list(
    tag.set,
    () =>
      reader.inside(tag.sequence, () => {
        const oid = reader.oid();
        if (oid !== oids.friendlyName) return void reader.element(tag.set);
        name = reader.inside(tag.set, () => readString(reader, 'bmp'));
      }),
    0,
  );
  return name;
}

function bag(
  oid: ObjectIdentifier,
  writeValue: (writer: DerWriter) => void,
  attributes: BagAttributes,
): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.oid(oid);
      writer.inside(contextConstructed(0), () => writeValue(writer));
      writeAttributes(writer, attributes);
    }),
  );
}

function writeAttributes(writer: DerWriter, { name, localKeyId }: BagAttributes): void {
  const attributes: Bytes[] = [];
  if (name !== undefined)
    attributes.push(attribute(oids.friendlyName, (inner) => writeString(inner, 'bmp', name)));
  if (localKeyId !== undefined)
    attributes.push(attribute(oids.localKeyId, (inner) => inner.content(tag.octetString, localKeyId)));
  if (attributes.length === 0) return;
  writer.inside(tag.set, () => {
    for (const one of attributes.sort((a, b) => Buffer.compare(asBuffer(a), asBuffer(b))))
      writer.element(one);
  });
}

function attribute(oid: ObjectIdentifier, writeValue: (writer: DerWriter) => void): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.oid(oid);
      writer.inside(tag.set, () => writeValue(writer));
    }),
  );
}
