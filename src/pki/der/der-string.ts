import type { DerReader } from './der-reader.ts';
import { tag } from './der-tag.ts';
import type { DerWriter } from './der-writer.ts';

/** The string types of DirectoryString and IA5String (RFC 5280 §4.1.2.4). */
export type StringEncoding =
  | 'utf8'
  | 'printable'
  | 'ia5'
  | 'numeric'
  | 'visible'
  | 't61'
  | 'bmp'
  | 'universal';

const tagOf: Readonly<Record<StringEncoding, number>> = {
  utf8: tag.utf8String,
  printable: tag.printableString,
  ia5: tag.ia5String,
  numeric: tag.numericString,
  visible: tag.visibleString,
  t61: tag.t61String,
  bmp: tag.bmpString,
  universal: tag.universalString,
};

const encodingOf = new Map(Object.entries(tagOf).map(([encoding, tag]) => [tag, encoding as StringEncoding]));

/** The string type that comes next, or undefined when it is none. */
export function peekString(reader: DerReader): StringEncoding | undefined {
  return encodingOf.get(reader.peek());
}

/**
 * Reads a string of a known type. PrintableString and NumericString are taken with all of ASCII, since many issuers
 * put `*`, `_` and `@` there; T61String is taken as Latin-1, which is what issuers meant by it. As-written, what does not fit
 * its type is taken as {@link foreignText}.
 */
export function readString(reader: DerReader, encoding: StringEncoding): string {
  const content = reader.content(tagOf[encoding]);
  const text = decode(content, encoding) ?? (reader.form === 'as-written' ? foreignText(content) : undefined);
  if (text === undefined) throw reader.problem(`string is not ${encoding}`);
  return text;
}

/** A text in UTF-8 where it can be, else in Latin-1: what devices put into strings of any type. */
export function foreignText(content: Buffer): string {
  return decodeUtf8(content) ?? content.toString('latin1');
}

/** Writes a string; a `TypeError` when `text` cannot be written in that type. */
export function writeString(writer: DerWriter, encoding: StringEncoding, text: string): void {
  if (encoding === 'utf8') {
    if (!text.isWellFormed()) throw new TypeError('text has a lone surrogate');
    return writer.utf8(tagOf.utf8, text);
  }
  if (encoding === 'bmp') return writer.content(tagOf.bmp, Buffer.from(text, 'utf16le').swap16());
  if (encoding === 'universal') return writer.content(tagOf.universal, encodeUtf32(text));
  const last = encoding === 't61' ? 0xff : 0x7f;
  if (!isWithin(text, last))
    throw new TypeError(`text cannot be written as ${encoding}: ${JSON.stringify(text)}`);
  writer.latin1(tagOf[encoding], text);
}

/** Whether `text` can be a PrintableString (X.680 §41.4). */
export function isPrintable(text: string): boolean {
  return /^[A-Za-z0-9 '()+,./:=?-]*$/.test(text);
}

function decode(content: Buffer, encoding: StringEncoding): string | undefined {
  if (encoding === 'utf8') return decodeUtf8(content);
  if (encoding === 'bmp') return decodeUtf16(content);
  if (encoding === 'universal') return decodeUtf32(content);
  const text = content.toString('latin1');
  return isWithin(text, encoding === 't61' ? 0xff : 0x7f) ? text : undefined;
}

function decodeUtf8(content: Buffer): string | undefined {
  const text = content.toString('utf8');
  // A replacement character is either in the input or stands for bytes that are no UTF-8.
  if (!text.includes('\ufffd')) return text;
  return Buffer.from(text, 'utf8').equals(content) ? text : undefined;
}

function decodeUtf16(content: Buffer): string | undefined {
  if (content.length % 2 !== 0) return undefined;
  return Buffer.from(content).swap16().toString('utf16le');
}

function decodeUtf32(content: Buffer): string | undefined {
  if (content.length % 4 !== 0) return undefined;
  let text = '';
  for (let at = 0; at < content.length; at += 4) {
    const point = content.readUInt32BE(at);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}

function encodeUtf32(text: string): Buffer {
  const points = Array.from(text);
  const bytes = Buffer.alloc(4 * points.length);
  for (const [index, point] of points.entries())
    bytes.writeUInt32BE(point.codePointAt(0) as number, 4 * index);
  return bytes;
}

function isWithin(text: string, last: number): boolean {
  return last === 0x7f ? /^[\0-\x7f]*$/.test(text) : /^[\0-\xff]*$/.test(text);
}
