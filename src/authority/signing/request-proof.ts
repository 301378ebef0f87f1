import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  type CertificateRequest,
  parseCertificateRequest,
  verifyRequestSignature,
  weaknessOfKey,
} from '../../pki/index.ts';

const maxRequestBytes = 64 * 1024;

/** The request in `der`, its size bounded. @throws HoldfastError `request_malformed` */
export function readRequest(der: Bytes): CertificateRequest {
  if (der.length > maxRequestBytes) {
    throw new HoldfastError(
      'request_malformed',
      `the request has ${der.length} bytes, at most ${maxRequestBytes} are read`,
    );
  }
  return parseCertificateRequest(der);
}

/**
 * A request proves a key: it is signed with it, and the key cannot be broken.
 * @throws HoldfastError `key_weak`, `key_unsupported`, `key_malformed`, `signature_unsupported` such as SHA-1,
 *   `request_signature_invalid`
 */
export function checkProof(request: CertificateRequest): void {
  checkKeyStrength(request.spki);
  if (verifyRequestSignature(request)) return;
  throw new HoldfastError('request_signature_invalid', 'the request is not signed with the key it is for');
}

/** Refuses a public key that can be broken. @throws HoldfastError `key_weak`, saying how; `key_malformed` */
export function checkKeyStrength(spki: Bytes): void {
  const weakness = weaknessOfKey(spki);
  if (weakness === undefined) return;
  throw new HoldfastError('key_weak', `the public key has ${weakness}`, {
    hint: 'make a new key, P-256 for example, and a new request with it',
  });
}
