import { type Bytes, isHoldfastError } from '../../base/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  type DerWriter,
  foreignText,
  type ObjectIdentifier,
  peekString,
  readDer,
  readString,
  tag,
} from '../der/index.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';
import { formatName, type Name, readName, writeName } from './name.ts';

/** A name of a subject beside its distinguished name (RFC 5280 §4.2.1.6). Texts are printing ASCII and not empty. */
export type GeneralName =
  | { readonly kind: 'dns'; readonly value: string }
  | { readonly kind: 'uri'; readonly value: string }
  | { readonly kind: 'email'; readonly value: string }
  /** In text as `formatIpAddress` writes it. */
  | { readonly kind: 'ip'; readonly value: string }
  | { readonly kind: 'directory'; readonly value: Name }
  /** otherName, x400Address, ediPartyName, registeredID: the whole element. */
  | { readonly kind: 'other'; readonly tag: number; readonly der: Bytes };

/** The tags of GeneralName's choices (RFC 5280 §4.2.1.6). */
export const generalNameTag = {
  other: contextConstructed(0),
  email: context(1),
  dns: context(2),
  x400: contextConstructed(3),
  directory: contextConstructed(4),
  ediParty: contextConstructed(5),
  uri: context(6),
  ip: context(7),
  registeredId: context(8),
} as const;

const textKinds = new Map([
  [generalNameTag.email, 'email'],
  [generalNameTag.dns, 'dns'],
  [generalNameTag.uri, 'uri'],
] as const) as ReadonlyMap<number, 'email' | 'dns' | 'uri'>;

/** What is not read, by its name in RFC 5280. */
const otherKinds: ReadonlyMap<number, string> = new Map([
  [generalNameTag.other, 'otherName'],
  [generalNameTag.x400, 'x400Address'],
  [generalNameTag.ediParty, 'ediPartyName'],
  [generalNameTag.registeredId, 'registeredID'],
  [generalNameTag.ip, 'an address that is none'],
]);

/** Reads GeneralNames, at least one, under SEQUENCE or the implicit tag given. */
export function readGeneralNames(reader: DerReader, wanted: number = tag.sequence): GeneralName[] {
  return reader.list(wanted, () => readGeneralName(reader));
}

/** Reads one name. As-written, its text may be any, and an address that is none comes as a name that nobody knows. */
export function readGeneralName(reader: DerReader): GeneralName {
  const found = reader.peek();
  const kind = textKinds.get(found);
  if (kind !== undefined) return { kind, value: readNameText(reader, found, 1) };
  if (found === generalNameTag.ip) return readIp(reader);
  if (found === generalNameTag.directory) {
    return { kind: 'directory', value: reader.inside(found, () => readName(reader)) };
  }
  if (found === generalNameTag.ip || !otherKinds.has(found)) throw reader.problem('not a general name');
  return { kind: 'other', tag: found, der: reader.element() };
}

/**
 * Reads an IA5String of a name. Beyond ASCII nothing is allowed, except as-written, and no control characters either: a NUL or a
 * line break in a name serves only to show one name and be another. Blanks are left for the local part of an address.
 */
export function readNameText(reader: DerReader, wanted: number, minLength: number): string {
  const content = reader.content(wanted);
  if (reader.form === 'as-written') return seen(foreignText(content), reader);
  const text = content.toString('latin1');
  if (text.length < minLength || !nameText.test(text)) throw reader.problem('name is not printing ASCII');
  return text;
}

function seen(text: string, reader: DerReader): string {
  if (/\p{Cc}/u.test(text)) throw reader.problem('name has a control character');
  return text;
}

export function writeGeneralNames(
  writer: DerWriter,
  names: readonly GeneralName[],
  identifier: number = tag.sequence,
): void {
  writer.inside(identifier, () => {
    for (const name of names) writeGeneralName(writer, name);
  });
}

/** Writes one name; a `TypeError` when its text does not fit its kind. */
export function writeGeneralName(writer: DerWriter, name: GeneralName): void {
  if (name.kind === 'other') return writer.element(name.der);
  if (name.kind === 'directory') {
    return writer.inside(generalNameTag.directory, () => writeName(writer, name.value));
  }
  if (name.kind === 'ip') return writer.content(generalNameTag.ip, ipBytes(name.value));
  if (name.value === '') throw new TypeError(`${name.kind} name is empty`);
  writeNameText(writer, name.kind, name.value);
}

/** Writes the IA5String of a `dns`, `uri` or `email` name or constraint. */
export function writeNameText(writer: DerWriter, kind: 'dns' | 'uri' | 'email', text: string): void {
  if (!nameText.test(text)) throw new TypeError(`not printing ASCII: ${JSON.stringify(text)}`);
  writer.latin1(generalNameTag[kind], text);
}

/** A name for people and logs: `dns:alpha.example`, `ip:192.0.2.1`, `directory:CN=alpha`. */
export function formatGeneralName(name: GeneralName): string {
  if (name.kind === 'other') return otherKinds.get(name.tag) ?? `other:${name.tag & 0x1f}`;
  return `${name.kind}:${name.kind === 'directory' ? formatName(name.value) : name.value}`;
}

/**
 * The type of an otherName and, where its value is a string, that (RFC 5280 §4.2.1.6): `1.3.6.1.4.1.311.20.2.3` and
 * `ann@corp.example` for what Windows calls a user principal name. Undefined for names of other kinds, and for a value that
 * cannot be read.
 */
export function readOtherName(
  name: GeneralName,
): { readonly oid: ObjectIdentifier; readonly text?: string } | undefined {
  if (name.kind !== 'other' || name.tag !== generalNameTag.other) return undefined;
  try {
    return readDer(name.der, (reader) => reader.inside(generalNameTag.other, () => readTypedValue(reader)));
  } catch (error) {
    if (isHoldfastError(error)) return undefined;
    throw error;
  }
}

function readTypedValue(reader: DerReader): { oid: ObjectIdentifier; text?: string } {
  const oid = reader.oid();
  const text = reader.inside(contextConstructed(0), () => {
    const encoding = peekString(reader);
    if (encoding !== undefined) return readString(reader, encoding);
    reader.element();
    return undefined;
  });
  return text === undefined ? { oid } : { oid, text };
}

const nameText = /^[\x20-\x7e]*$/;

function readIp(reader: DerReader): GeneralName {
  const start = reader.position;
  const address = reader.content(generalNameTag.ip);
  if (address.length === 4 || address.length === 16) return { kind: 'ip', value: formatIpAddress(address) };
  if (reader.form === 'strict') throw reader.problem('address has not 4 or 16 bytes');
  return { kind: 'other', tag: generalNameTag.ip, der: reader.since(start) };
}

function ipBytes(text: string): Bytes {
  const address = parseIpAddress(text);
  if (address === undefined) throw new TypeError(`not an address: ${JSON.stringify(text)}`);
  return address;
}
