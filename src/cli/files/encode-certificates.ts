import type { Bytes } from '../../base/index.ts';
import { certificatePem, createChainPkcs7 } from '../../pki/index.ts';

/** How certificates are written into a file: Base64 in lines, one in DER, or several as PKCS#7. */
export type CertificateFormat = 'pem' | 'der' | 'p7b';

/** Which format a file of that name has: `.der` and `.p7b` say it, everything else is PEM. */
export function certificateFormatOf(path: string): CertificateFormat {
  if (/\.p7[bc]$/i.test(path)) return 'p7b';
  return /\.der$/i.test(path) ? 'der' : 'pem';
}

/** Encodes certificates, DER, for a file; in DER the first alone. */
export function encodeCertificates(ders: readonly Bytes[], format: CertificateFormat): Bytes | string {
  if (format === 'p7b') return createChainPkcs7(ders);
  return format === 'der' ? (ders[0] as Bytes) : ders.map(certificatePem).join('');
}
