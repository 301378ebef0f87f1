import type { Database, Queries } from '../db/index.ts';
import { type Certificate, parseCertificate, type RevocationReason } from '../pki/index.ts';
import { authorityDamaged } from './authority-damaged.ts';
import type { CaCertificate, IssuerRevocation } from './issuer.ts';
import { publicKeyHash } from './key-rules.ts';

/** Which certificate of the authority: the root, or an issuing one. */
export type IssuerKind = 'root' | 'issuing';

/** The name of a certificate of the authority's own: of its key in the keystore, and in addresses. */
export function issuerLabel(kind: IssuerKind, generation: number): string {
  return `${kind}-${generation}`;
}

/** Records a certificate of the authority's own under its label. */
export async function recordIssuer(
  tx: Queries,
  {
    kind,
    generation,
    certificate,
  }: { readonly kind: IssuerKind; readonly generation: number; readonly certificate: Certificate },
): Promise<void> {
  await tx.run(
    'INSERT INTO issuers (label, kind, generation, public_key, certificate) VALUES (?, ?, ?, ?, ?)',
    issuerLabel(kind, generation),
    kind,
    generation,
    publicKeyHash(certificate.spki),
    certificate.der,
  );
}

/** Every certificate of a kind, the newest first. @throws HoldfastError `authority_damaged` when there is none */
export async function readIssuers(
  database: Database,
  kind: IssuerKind,
): Promise<[CaCertificate, ...CaCertificate[]]> {
  const rows = await database.all<IssuerRow>(
    `SELECT label, public_key, certificate, revoked_at, revocation_reason FROM issuers
      WHERE kind = ? ORDER BY generation DESC`,
    kind,
  );
  const [newest, ...older] = rows.map(toCaCertificate);
  if (newest === undefined) throw authorityDamaged(`the database has no ${kind} certificate`);
  return [newest, ...older];
}

interface IssuerRow {
  readonly label: string;
  readonly public_key: Uint8Array;
  readonly certificate: Uint8Array;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
}

function toCaCertificate({ label, public_key, revoked_at, ...row }: IssuerRow): CaCertificate {
  const certificate = parseCertificate(row.certificate);
  if (Buffer.compare(publicKeyHash(certificate.spki), public_key) !== 0)
    throw authorityDamaged(`${label} is not the one recorded`);
  if (revoked_at === null) return { label, certificate };
  const reason = row.revocation_reason ?? 'unspecified';
  return { label, certificate, revoked: { at: new Date(revoked_at), reason } };
}

/**
 * Marks an issuing certificate as revoked, unless it is; the lists of the root and of the certificate itself are due then.
 */
export async function markIssuerRevoked(
  tx: Queries,
  label: string,
  { at, reason }: IssuerRevocation,
): Promise<void> {
  const { changes } = await tx.run(
    'UPDATE issuers SET revoked_at = ?, revocation_reason = ? WHERE label = ? AND revoked_at IS NULL',
    at.getTime(),
    reason,
    label,
  );
  if (changes === 0) return;
  await tx.run("UPDATE issuers SET revocations = revocations + 1 WHERE label = ? OR kind = 'root'", label);
}
