import { type ObjectIdentifier, registerOids } from './object-identifier.ts';

/** The identifiers of OCSP that are no extension of a certificate (RFC 6960 §4.2.1, RFC 9654 §2.1). */
export const ocspOids = {
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(ocspOids));
