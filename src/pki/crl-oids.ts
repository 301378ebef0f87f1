import { type ObjectIdentifier, registerOids } from './object-identifier.ts';

/** The extensions of a CRL and of its entries that are no certificate's (RFC 5280 §5.2.3, §5.3.1). */
export const crlOids = {
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(crlOids));
