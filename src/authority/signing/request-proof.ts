import { type Bytes, HoldfastError } from '../../base/index.ts';
import {
  type CertificateRequest,
  importPublicKey,
  parseCertificateRequest,
  verifyRequestSignature,
  verifySha1Proof,
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

/** Whether a signature with SHA-1 proves a key. */
export interface ProofRule {
  readonly sha1Proof: 'on' | 'off';
  /** What of the policy switches that on. */
  readonly key: string;
}

/**
 * A request proves a key: it is signed with it, and the key cannot be broken.
 * @throws HoldfastError `key_weak`, `key_unsupported`, `key_malformed`, `signature_unsupported` such as SHA-1 where `rule` does
 *   not take that, `request_signature_invalid`
 */
export function checkProof(request: CertificateRequest, rule?: ProofRule): void {
  checkKeyStrength(request.spki);
  if (isProven(request, rule)) return;
  throw new HoldfastError('request_signature_invalid', 'the request is not signed with the key it is for');
}

function isProven(request: CertificateRequest, rule: ProofRule | undefined): boolean {
  const { name, scheme } = request.signatureAlgorithm;
  const bySha1 = rule === undefined ? undefined : verifySha1Proof(request);
  if (rule === undefined || bySha1 === undefined) {
    if (scheme !== undefined) return verifyRequestSignature(request);
    // Where the key is the reason, another signature with it would not do either.
    importPublicKey(request.spki);
    throw new HoldfastError(
      'signature_unsupported',
      `the request is signed with ${name}: expected SHA-256, SHA-384, SHA-512 or Ed25519`,
      { hint: 'make the request anew with SHA-256; its key may stay' },
    );
  }
  if (rule.sha1Proof === 'on') return bySha1;
  throw new HoldfastError(
    'signature_unsupported',
    `the request is signed with ${name}: expected SHA-256, SHA-384, SHA-512 or Ed25519, or the policy that takes SHA-1 as the proof of a key: holdfast policy set ${rule.key} on`,
    { hint: 'make the request anew with SHA-256, or set the policy at the server' },
  );
}

/** Refuses a public key that can be broken. @throws HoldfastError `key_weak`, saying how; `key_malformed` */
export function checkKeyStrength(spki: Bytes): void {
  const weakness = weaknessOfKey(spki);
  if (weakness === undefined) return;
  throw new HoldfastError('key_weak', `the public key has ${weakness}`, {
    hint: 'make a new key, P-256 for example, and a new request with it',
  });
}
