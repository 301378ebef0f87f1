import { asBuffer, type Bytes, HoldfastError } from '../../base/index.ts';

/** One block of a PEM file. */
export interface PemBlock {
  /** What stands after BEGIN, e.g. `CERTIFICATE`. */
  readonly label: string;
  readonly der: Bytes;
}

/**
 * All blocks of a text, in order (RFC 7468 §2, in its lax form: any line breaks and line lengths); what stands around
 * them is passed over. A block that does not end, that holds another, or that is not Base64 is an error: half of a
 * trust file read in silence would be worse. So are the encrypted blocks with headers of old (RFC 1421).
 * @throws HoldfastError `pem_malformed`
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; line: number; base64: string[] } | undefined;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const [, edge, label = ''] = boundary.exec(line.trim()) ?? [];
    if (open === undefined) {
      if (edge === 'BEGIN') open = { label, line: index + 1, base64: [] };
      else if (edge === 'END') throw pemMalformed(`END ${label} without BEGIN`, index + 1);
    } else if (edge === undefined) {
      open.base64.push(line.replace(/[ \t]/g, ''));
    } else {
      if (edge !== 'END' || label !== open.label) throw pemMalformed(`${open.label} does not end`, open.line);
      blocks.push({ label, der: decodeBase64(open.base64.join(''), open.line) });
      open = undefined;
    }
  }
  if (open !== undefined) throw pemMalformed(`${open.label} does not end`, open.line);
  return blocks;
}

/** The text of a PEM file: UTF-8 or, as Windows writes files, UTF-16; without the mark that such texts begin with. */
export function pemText(bytes: Bytes): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return asBuffer(bytes)
    .toString(isUtf16 ? 'utf16le' : 'utf8')
    .replace(/^\uFEFF/, '');
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

const boundary = /^-----(BEGIN|END) ([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)-----$/;

function decodeBase64(base64: string, line: number): Bytes {
  const bytes = Buffer.from(base64, 'base64');
  // Decoding skips what it does not know; only what comes out the same was all Base64.
  if (bytes.length === 0 || bytes.toString('base64') !== base64)
    throw pemMalformed('block is not base64', line);
  return bytes;
}

function pemMalformed(problem: string, line: number): HoldfastError {
  return new HoldfastError('pem_malformed', `pem is malformed: ${problem}, line ${line}`);
}
