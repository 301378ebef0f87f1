import { asBuffer, type Bytes } from '../../base/index.ts';
import { malformed, tag } from './der-tag.ts';
import { type DerWriter, writeDer } from './der-writer.ts';

/** As deep as the DER reader goes. */
const maxDepth = 32;
const constructedOctetString = 0x24;

/** The part of the input that is being read. */
interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/**
 * The same values with definite lengths in their shortest form and every octet string in one piece: what PKCS#7 and
 * PKCS#12 files of other programs need before the DER reader takes them (X.690 §8.1.3, §8.7). What already is DER comes
 * out as it went in. The time is linear in the size of the input, times the depth of its nesting.
 * @throws HoldfastError `der_malformed`
 */
export function derFromBer(ber: Bytes): Bytes {
  const cursor: Cursor = { bytes: asBuffer(ber), at: 0 };
  const der = writeDer((writer) => copyElement(cursor, ber.length, writer, 0), ber.length + 64);
  if (cursor.at !== ber.length) throw malformed('unexpected bytes', cursor.at);
  return der;
}

function copyElement(cursor: Cursor, end: number, writer: DerWriter, depth: number): void {
  const { identifier, contentEnd } = readHeader(cursor, end, depth);
  if ((identifier & 0x20) === 0) {
    writer.content(identifier, takeContent(cursor, contentEnd));
  } else if (identifier === constructedOctetString) {
    writer.inside(tag.octetString, () =>
      eachChild(cursor, contentEnd ?? end, contentEnd === undefined, (childEnd) =>
        copyOctets(cursor, childEnd, writer, depth + 1),
      ),
    );
  } else {
    writer.inside(identifier, () =>
      eachChild(cursor, contentEnd ?? end, contentEnd === undefined, (childEnd) =>
        copyElement(cursor, childEnd, writer, depth + 1),
      ),
    );
  }
}

/** One segment of an octet string that is cut in pieces, which may be cut in pieces itself. */
function copyOctets(cursor: Cursor, end: number, writer: DerWriter, depth: number): void {
  const { identifier, contentEnd } = readHeader(cursor, end, depth);
  if (identifier === tag.octetString) return writer.element(takeContent(cursor, contentEnd));
  if (identifier !== constructedOctetString)
    throw malformed('octet string has a part of another kind', cursor.at);
  eachChild(cursor, contentEnd ?? end, contentEnd === undefined, (childEnd) =>
    copyOctets(cursor, childEnd, writer, depth + 1),
  );
}

/** Copies what is inside, to `end` or, of indefinite length, to its end-of-contents octets. */
function eachChild(cursor: Cursor, end: number, indefinite: boolean, copy: (end: number) => void): void {
  for (;;) {
    if (!indefinite && cursor.at === end) return;
    if (indefinite && cursor.bytes.length - cursor.at >= 2 && cursor.bytes.readUInt16BE(cursor.at) === 0) {
      cursor.at += 2;
      return;
    }
    copy(end);
  }
}

function takeContent(cursor: Cursor, contentEnd: number | undefined): Bytes {
  if (contentEnd === undefined) throw malformed('a primitive element has no length', cursor.at);
  const content = cursor.bytes.subarray(cursor.at, contentEnd);
  cursor.at = contentEnd;
  return content;
}

/** Reads identifier and length; without a `contentEnd` the length is indefinite. */
function readHeader(
  cursor: Cursor,
  end: number,
  depth: number,
): { readonly identifier: number; readonly contentEnd: number | undefined } {
  const start = cursor.at;
  if (depth > maxDepth) throw malformed(`more than ${maxDepth} levels of nesting`, start);
  const identifier = takeByte(cursor, end);
  if ((identifier & 0x1f) === 0x1f || identifier === 0) throw malformed('tag is not used here', start);
  const first = takeByte(cursor, end);
  if (first === 0x80) return { identifier, contentEnd: undefined };
  const length = first < 0x80 ? first : readLongLength(cursor, end, first & 0x7f);
  if (length > end - cursor.at) throw malformed('length points past the end', start);
  return { identifier, contentEnd: cursor.at + length };
}

function readLongLength(cursor: Cursor, end: number, count: number): number {
  if (count > 6) throw malformed('length is malformed', cursor.at);
  let length = 0;
  for (let left = count; left > 0; left--) length = 256 * length + takeByte(cursor, end);
  return length;
}

function takeByte(cursor: Cursor, end: number): number {
  if (cursor.at >= end) throw malformed('another element is missing', cursor.at);
  return cursor.bytes[cursor.at++] as number;
}
