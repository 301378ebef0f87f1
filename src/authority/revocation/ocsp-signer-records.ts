import { type Bytes, equalBytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
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
export function readOcspSigner(
  { reader, keystore }: Pick<AuthorityContext, 'reader' | 'keystore'>,
  issuerLabel: string,
): OcspSigner | undefined {
  const label = ocspSignerLabel(issuerLabel);
  const row = reader.get('SELECT certificate FROM ocsp_signers WHERE label = ?', label);
  if (row === undefined || !keystore.has(label)) return undefined;
  const certificate = parseCertificate(row.certificate as Bytes);
  const privateKey = keystore.key(label);
  const belongs = equalBytes(exportPublicKey(privateKey), certificate.spki);
  return belongs ? createOcspSigner(certificate, privateKey) : undefined;
}

/** Records who signs for an issuer from now on. */
export async function recordOcspSigner(
  tx: Queries,
  issuerLabel: string,
  { notAfter, der }: { readonly notAfter: Date; readonly der: Bytes },
): Promise<void> {
  await tx.run(
    'INSERT OR REPLACE INTO ocsp_signers (label, issuer, not_after, certificate) VALUES (?, ?, ?, ?)',
    ocspSignerLabel(issuerLabel),
    issuerLabel,
    notAfter.getTime(),
    der,
  );
}
