import { equalBytes } from '../../base/index.ts';
import { createOcspSigner, exportPublicKey, type OcspSigner, parseCertificate } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';

/** The name of the key that signs OCSP answers for an issuer: `ocsp-issuing-1`. */
export function ocspSignerLabel(issuerLabel: string): string {
  return `ocsp-${issuerLabel}`;
}

/**
 * Who signs answers for an issuer, as it is on record and in the keystore; undefined when there is none, or when what
 * was cut short left a key that is not the one of the certificate.
 */
export async function readOcspSigner(
  { records, keystore }: Pick<AuthorityContext, 'records' | 'keystore'>,
  issuerLabel: string,
): Promise<OcspSigner | undefined> {
  const label = ocspSignerLabel(issuerLabel);
  const row = await records.committed.ocspSigners.find(label);
  if (row === undefined || !keystore.has(label)) return undefined;
  const certificate = parseCertificate(row.certificate);
  const privateKey = keystore.key(label);
  const belongs = equalBytes(exportPublicKey(privateKey), certificate.spki);
  return belongs ? createOcspSigner(certificate, privateKey) : undefined;
}
