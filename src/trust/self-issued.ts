import { type Certificate, equalNames } from '../pki/index.ts';

/** Whether subject and issuer are the same name: such certificates do not count towards lengths (RFC 5280 §6.1). */
export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return equalNames(subject, issuer);
}
