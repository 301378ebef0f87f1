import type { KeyObject } from 'node:crypto';
import { importPublicKey, verifySignature } from '../key/index.ts';
import type { Certificate } from './certificate.ts';
import type { CertificateRequest } from './certificate-request.ts';

const keys = new WeakMap<Certificate | CertificateRequest, KeyObject>();

/** The public key in a certificate or request, made once for each. @throws HoldfastError as `importPublicKey` does */
export function publicKeyOf(holder: Certificate | CertificateRequest): KeyObject {
  const known = keys.get(holder);
  if (known !== undefined) return known;
  const key = importPublicKey(holder.spki);
  keys.set(holder, key);
  return key;
}

/**
 * Whether the certificate's signature was made with `issuerKey` (see {@link publicKeyOf}); names and dates are not looked at.
 * @throws HoldfastError `signature_unsupported` for SHA-1, MD5 and algorithms that are not known
 */
export function verifyCertificateSignature(certificate: Certificate, issuerKey: KeyObject): boolean {
  return verifySignature(certificate.signatureAlgorithm, certificate.tbs, certificate.signature, issuerKey);
}

/**
 * Whether a request was signed with the key that is in it: whoever sent it had the private half (RFC 2986 §3).
 * @throws HoldfastError `signature_unsupported`, and as `importPublicKey` does
 */
export function verifyRequestSignature(request: CertificateRequest): boolean {
  return verifySignature(request.signatureAlgorithm, request.info, request.signature, publicKeyOf(request));
}
