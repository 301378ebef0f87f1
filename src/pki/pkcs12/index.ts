/**
 * Keys and certificates in one file under a password (RFC 7292).
 */
export { createPkcs12 } from './create-pkcs12.ts';
export { type OpenedPkcs12, openPkcs12 } from './open-pkcs12.ts';
export type { Pkcs12Contents } from './pkcs12-bags.ts';
