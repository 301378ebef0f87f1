import type { KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import type { CertificateRequest } from './certificate-request.ts';

/** The key of a certificate, made once. @throws HoldfastError `key_malformed`, `key_unsupported` */
export function publicKeyOf(holder: Certificate | CertificateRequest): KeyObject {
  throw new TypeError(`not yet ${holder.der.length}`);
}

/** Whether `issuerKey` (see publicKeyOf) made the certificate's signature. @throws HoldfastError `signature_unsupported` */
export function verifyCertificateSignature(certificate: Certificate, issuerKey: KeyObject): boolean {
  throw new TypeError(`not yet ${certificate.der.length} ${issuerKey.type}`);
}

/** Whether the request is signed by the key in it. @throws HoldfastError `signature_unsupported`, `key_malformed`, `key_unsupported` */
export function verifyRequestSignature(request: CertificateRequest): boolean {
  throw new TypeError(`not yet ${request.der.length}`);
}
