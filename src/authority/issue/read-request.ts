import { type Bytes, HoldfastError } from '../../base/index.ts';
import { type CertificateRequest, parseCertificateRequest } from '../../pki/index.ts';

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
