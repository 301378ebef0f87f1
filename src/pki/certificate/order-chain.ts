import { equalNames } from '../name/index.ts';
import type { Certificate } from './certificate.ts';
import { publicKeyOf, verifyCertificateSignature } from './verify-signature.ts';

const maxLength = 16;

/**
 * `leaf` and then, out of `others`, each certificate that signed the one before; a self-signed one ends the chain and is
 * left out, since nobody believes it because it was sent.
 */
export function orderChain(leaf: Certificate, others: readonly Certificate[]): Certificate[] {
  const chain = [leaf];
  while (chain.length < maxLength) {
    const last = chain.at(-1) as Certificate;
    const issuer = others.find((each) => !isSelfIssued(each) && !chain.includes(each) && signed(each, last));
    if (issuer === undefined) break;
    chain.push(issuer);
  }
  return chain;
}

/** Whether `issuer` signed `certificate`, by name and signature; what cannot be verified did not. */
export function signed(issuer: Certificate, certificate: Certificate): boolean {
  if (!equalNames(issuer.subject, certificate.issuer)) return false;
  try {
    return verifyCertificateSignature(certificate, publicKeyOf(issuer));
  } catch {
    return false;
  }
}

/** Whether subject and issuer are the same name: such certificates do not count towards lengths (RFC 5280 §6.1). */
export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return equalNames(subject, issuer);
}
