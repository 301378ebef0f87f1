import { equalBytes } from '../../base/index.ts';
import type { Certificate, SerialNumber } from '../../pki/index.ts';
import type { Issuer } from '../issuers/index.ts';
import type { AuthorityRecords } from '../records/index.ts';

/**
 * What the records say of a certificate: `good`; `issuer revoked`, when it was issued here and only what stands above it
 * is not to be believed any more; `revoked`; or `unknown`, which is also another one with a number that is on record.
 */
export type PeerStanding = 'good' | 'issuer revoked' | 'revoked' | 'unknown';

/**
 * Looks a certificate up in what is committed, by an index however many there are. Given as a whole it has to be the
 * very one that was issued: whoever has the key of an issuer makes certificates with any number, and is stopped here
 * before anybody knows of it.
 */
export async function standingOf(
  { records, issuer }: { readonly records: AuthorityRecords; readonly issuer: Issuer },
  serial: SerialNumber,
  certificate?: Certificate,
): Promise<PeerStanding> {
  const row = await records.committed.certificates.find(serial);
  if (row === undefined) return 'unknown';
  if (certificate !== undefined && !equalBytes(row.certificate, certificate.der)) return 'unknown';
  if (row.revoked_at !== null) return 'revoked';
  const issuing = issuer.issuings.find(({ label }) => label === row.issuer);
  return issuing?.revoked === undefined ? 'good' : 'issuer revoked';
}
