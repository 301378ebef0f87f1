import { equalBytes } from '../../base/index.ts';
import { type Certificate, parseCertificate } from '../../pki/index.ts';
import { publicKeyHash } from '../issue/key-rules.ts';
import { authorityDamaged } from '../records/authority-damaged.ts';
import type { IssuerKind, IssuerRow } from '../records/issuers.ts';
import type { Records } from '../records/records.ts';
import type { CaCertificate } from './issuer.ts';

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

/** The certificates of a kind, the newest first. @throws HoldfastError `authority_damaged` */
export async function readIssuers(
  { issuers }: Records,
  kind: IssuerKind,
): Promise<[CaCertificate, ...CaCertificate[]]> {
  const [newest, ...older] = (await issuers.list(kind)).map(toCaCertificate);
  if (newest === undefined) throw authorityDamaged(`the database has no ${kind} certificate`);
  return [newest, ...older];
}

function toCaCertificate({ label, public_key, revoked_at, ...row }: IssuerRow): CaCertificate {
  const certificate = parseCertificate(row.certificate);
  if (!equalBytes(publicKeyHash(certificate.spki), public_key))
    throw authorityDamaged(`${label} is not the one recorded`);
  if (revoked_at === null) return { label, certificate };
  const reason = row.revocation_reason ?? 'unspecified';
  return { label, certificate, revoked: { at: new Date(revoked_at), reason } };
}
