import { type Bytes, Secret } from '../../base/index.ts';

/** A password as the derivations of one PKCS#12 file take it. */
export interface Pkcs12Password {
  /** For PBES2. */
  readonly text: Secret<string>;
  /** For PKCS#12's own derivation (RFC 7292 Appendix B.1). */
  readonly bytes: Secret<Bytes>;
}

/** A password as it is written: in UTF-16, big endian, ending in a zero. */
export function pkcs12Password(text: Secret<string>): Pkcs12Password {
  return { text, bytes: new Secret(utf16(text.reveal())) };
}

/**
 * The password as programs have written it, the right way first. An empty one is no bytes at all in Java and Windows; and
 * OpenSSL before 1.1.0 made a character of each byte of UTF-8.
 */
export function pkcs12Passwords(text: Secret<string>): readonly Pkcs12Password[] {
  const ours = pkcs12Password(text);
  const revealed = text.reveal();
  if (revealed === '') return [ours, { text, bytes: new Secret(Buffer.alloc(0)) }];
  if (/^[\0-\x7f]*$/.test(revealed)) return [ours];
  return [ours, { text, bytes: new Secret(utf16(Buffer.from(revealed, 'utf8').toString('latin1'))) }];
}

function utf16(text: string): Bytes {
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}
