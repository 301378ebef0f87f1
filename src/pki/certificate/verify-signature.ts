import { type KeyObject, verify } from 'node:crypto';
import { systemErrorCode } from '../../base/index.ts';
import { importPublicKey, verifySignature } from '../key/index.ts';
import { equalNames } from '../name/index.ts';
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

/** The kinds of keys of ecdsa-with-SHA1 and sha1WithRSAEncryption (RFC 3279 §2.2), by the identifier of old (OIW) too. */
const sha1Keys: ReadonlyMap<string, string> = new Map([
  ['1.2.840.10045.4.1', 'ec'],
  ['1.2.840.113549.1.1.5', 'rsa'],
  ['1.3.14.3.2.29', 'rsa'],
]);

/**
 * Whether a request was signed with SHA-1 by the key that is in it; undefined when it was signed otherwise. Forging it
 * takes the key all the same: a collision of SHA-1 gives nobody a signature, but two requests that share one.
 * @throws HoldfastError as `importPublicKey` does
 */
export function verifySha1Proof(request: CertificateRequest): boolean | undefined {
  const kind = sha1Keys.get(request.signatureAlgorithm.oid);
  if (kind === undefined) return undefined;
  const key = publicKeyOf(request);
  if (key.asymmetricKeyType !== kind) return false;
  try {
    return verify('sha1', request.info, key, request.signature);
  } catch (error) {
    if (systemErrorCode(error)?.startsWith('ERR_OSSL') === true) return false;
    throw error;
  }
}

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
