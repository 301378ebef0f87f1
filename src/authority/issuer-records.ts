import type { Database, Queries } from '../db/index.ts';
import { type Certificate, parseCertificate } from '../pki/index.ts';
import { authorityDamaged } from './authority-damaged.ts';
import type { CaCertificate } from './issuer.ts';
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
  const rows = await database.all<{ label: string; public_key: Uint8Array; certificate: Uint8Array }>(
    'SELECT label, public_key, certificate FROM issuers WHERE kind = ? ORDER BY generation DESC',
    kind,
  );
  const [newest, ...older] = rows.map(({ label, public_key, certificate: der }) => {
    const certificate = parseCertificate(der);
    if (Buffer.compare(publicKeyHash(certificate.spki), public_key) === 0) return { label, certificate };
    throw authorityDamaged(`${label} is not the one recorded`);
  });
  if (newest === undefined) throw authorityDamaged(`the database has no ${kind} certificate`);
  return [newest, ...older];
}
