import type { Bytes } from '../base/index.ts';

/** One block of a PEM file. */
export interface PemBlock {
  /** What stands after BEGIN, e.g. `CERTIFICATE`. */
  readonly label: string;
  readonly der: Bytes;
}

/** All blocks of a text, in order; what is around them is passed over. @throws HoldfastError `pem_malformed` */
export function parsePem(text: string): PemBlock[] {
  throw new TypeError(`not yet ${text.length}`);
}
/** One block, lines of 64 characters, ending in a line break (RFC 7468 §3). */
export function encodePem(label: string, der: Bytes): string {
  throw new TypeError(`not yet ${label} ${der.length}`);
}
/** The certificates of a text, in order; other blocks are passed over. @throws HoldfastError `pem_malformed` */
export function certificatesFromPem(text: string): Bytes[] {
  throw new TypeError(`not yet ${text.length}`);
}
export function certificatePem(der: Bytes): string {
  return encodePem('CERTIFICATE', der);
}
export function requestPem(der: Bytes): string {
  return encodePem('CERTIFICATE REQUEST', der);
}
/** A private key as unencrypted PKCS#8. */
export function privateKeyPem(pkcs8: Bytes): string {
  return encodePem('PRIVATE KEY', pkcs8);
}
