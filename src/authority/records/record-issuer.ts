import type { Certificate } from '../../pki/index.ts';
import type { IssuerKind } from './issuers.ts';
import { publicKeyHash } from './public-key-hash.ts';
import type { Records } from './records.ts';

/** Puts a certificate of the authority on record. */
export async function recordIssuer(
  { issuers }: Records,
  {
    kind,
    generation,
    certificate,
  }: { readonly kind: IssuerKind; readonly generation: number; readonly certificate: Certificate },
): Promise<void> {
  const public_key = publicKeyHash(certificate.spki);
  await issuers.insert({ kind, generation, public_key, certificate: certificate.der });
}
