import type { Certificate } from '../pki/index.ts';
import { notAllowed } from './not-allowed.ts';

/**
 * The purposes of an authority limit those of all below it; none named means all (RFC 5280 §4.2.1.12).
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkPurpose(certificate: Certificate, purpose: Purpose): void {
  const { extendedKeyUsage } = certificate.extensions;
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes('anyExtendedKeyUsage')) return;
  if (!extendedKeyUsage.includes(purpose)) {
    throw notAllowed(certificate, `is for ${extendedKeyUsage.join(', ')}, not for ${purpose}`);
  }
}

/**
 * Whether a certificate's key may sign, as every cipher suite in use needs it of either side (RFC 5280 §4.2.1.3, RFC 8446
 * §4.4.2.2).
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkKeyUse(leaf: Certificate): void {
  const { keyUsage } = leaf.extensions;
  if (keyUsage === undefined || keyUsage.includes('digitalSignature')) return;
  throw notAllowed(leaf, `has a key for ${keyUsage.join(', ')}, expected digitalSignature among its uses`);
}

/**
 * Whether a chain, leaf first, is one that a server can show: every certificate for that purpose, and a key that signs. Who
 * signed what and when it holds is not looked at.
 * @throws HoldfastError `certificate_not_allowed`
 */
export function checkServerUse(chain: readonly Certificate[]): void {
  for (const certificate of chain) checkPurpose(certificate, 'serverAuth');
  const [leaf] = chain;
  if (leaf !== undefined) checkKeyUse(leaf);
}

/** What a certificate is used for in a connection: the side that is called, or the one that calls. */
export type Purpose = 'serverAuth' | 'clientAuth';
