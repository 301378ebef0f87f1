import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';
import { tag } from './der-tag.ts';

/** One block of a PEM file. */
export interface PemBlock {
  /** What stands after BEGIN, e.g. `CERTIFICATE`. */
  readonly label: string;
  readonly der: Bytes;
}

/**
 * All blocks of a text, in order (RFC 7468 §2, in its lax form and beyond: any line breaks and line lengths, blanks or `\\n`
 * in their place, all on one line); what stands around them is passed over. A block that does not end, that holds another,
 * or that is not Base64 is an error: half of a trust file read in silence would be worse. So are the encrypted blocks with
 * headers of old (RFC 1421).
 * @throws HoldfastError `pem_malformed`
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { readonly label: string; readonly at: number; readonly contentAt: number } | undefined;
  for (const { 0: mark, 1: edge, 2: label = '', index: at } of text.matchAll(boundary)) {
    if (open === undefined) {
      if (edge === 'END') throw pemMalformed(`END ${label} without BEGIN`, text, at);
      open = { label, at, contentAt: at + mark.length };
    } else {
      if (edge !== 'END' || label !== open.label) throw unended(open, text);
      const der = bytesFromBase64(text.slice(open.contentAt, at));
      if (der === undefined) throw pemMalformed('block is not base64', text, open.at);
      blocks.push({ label, der });
      open = undefined;
    }
  }
  if (open !== undefined) throw unended(open, text);
  return blocks;
}

/** The edge of a block; words of a label are parted by single blanks or hyphens (RFC 7468 §3). */
const boundary = /-----(BEGIN|END) ([\x21-\x2c\x2e-\x7e]+(?:[ -][\x21-\x2c\x2e-\x7e]+)*)-----/g;

/**
 * The bytes that Base64 stands for (RFC 4648 §4), with white space, or `\\n` as JSON and shells write it, anywhere in it;
 * undefined for anything else, and for nothing.
 */
export function bytesFromBase64(text: string): Bytes | undefined {
  const base64 = text.replace(/\s|\\[nr]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  // Decoding skips what it does not know; only what comes out the same was all Base64.
  return bytes.length > 0 && bytes.toString('base64') === base64 ? bytes : undefined;
}

/**
 * The text of a PEM file: UTF-8 or, as Windows writes files, UTF-16, with or without the mark that such texts begin with; without
 * that mark.
 */
export function pemText(bytes: Bytes): string {
  return decoded(asBuffer(bytes)).replace(/^\uFEFF/, '');
}

function decoded(bytes: Buffer): string {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const [first, second] = [mark >> 8, mark & 0xff];
  // An ASCII character in UTF-16 has one byte of zeros, on one side or the other.
  if (mark === 0xfffe || (first !== 0 && second === 0)) return bytes.toString('utf16le');
  if (mark !== 0xfeff && (first !== 0 || second === 0)) return bytes.toString('utf8');
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

/**
 * Whether a file begins as DER does: a SEQUENCE of more than 127 bytes, or one that ends where the file does. A text can begin
 * with the same character, the digit 0, but goes on in ASCII.
 */
export function looksLikeDer(bytes: Bytes): boolean {
  const [first, second = 0] = bytes;
  return first === tag.sequence && (second >= 0x80 || second + 2 === bytes.length);
}

/** One block: lines of 64 characters, each ending in a line break (RFC 7468 §3). */
export function encodePem(label: string, der: Bytes): string {
  const lines =
    asBuffer(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** The certificates of a text, in order; other blocks are passed over. @throws HoldfastError `pem_malformed` */
export function certificatesFromPem(text: string): Bytes[] {
  return parsePem(text)
    .filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
    .map(({ der }) => der);
}

export function certificatePem(der: Bytes): string {
  return encodePem('CERTIFICATE', der);
}

export function requestPem(der: Bytes): string {
  return encodePem('CERTIFICATE REQUEST', der);
}

export function crlPem(der: Bytes): string {
  return encodePem('X509 CRL', der);
}

/** A private key as unencrypted PKCS#8 (RFC 5958). */
export function privateKeyPem(pkcs8: Bytes): string {
  return encodePem('PRIVATE KEY', pkcs8);
}

function unended(
  { label, at }: { readonly label: string; readonly at: number },
  text: string,
): HoldfastError {
  return pemMalformed(`${label} does not end`, text, at);
}

function pemMalformed(problem: string, text: string, at: number): HoldfastError {
  const line = text.slice(0, at).split(/\r\n|\r|\n/).length;
  return new HoldfastError('pem_malformed', `pem is malformed: ${problem}, line ${line}`);
}
