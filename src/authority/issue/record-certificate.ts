import { type Bytes, HoldfastError } from '../../base/index.ts';
import type { Fingerprint, GeneralName, Identity, SerialNumber } from '../../pki/index.ts';
import { fingerprintName } from '../records/certificate-names.ts';
import type { CertificateRow } from '../records/certificates.ts';
import { identityLabel, reissueCommand } from '../records/identity-label.ts';
import { publicKeyHash } from '../records/public-key-hash.ts';
import type { Records } from '../records/records.ts';

/** A certificate that comes on record. */
export interface NewCertificate {
  readonly identity: Pick<Identity, 'role' | 'name'>;
  /** Label of the certificate that signed it. */
  readonly issuer: string;
  readonly serial: SerialNumber;
  readonly spki: Bytes;
  readonly notAfter: Date;
  /** Milliseconds since 1970. */
  readonly issuedAtMs: number;
  readonly der: Bytes;
  readonly fingerprint: Fingerprint;
  /** All that it says, or its host names and addresses alone. */
  readonly names: readonly GeneralName[];
  /** Who makes the keys of its identity from now on, the authority's administrator or a machine; as before unless said. */
  readonly withKey: boolean | undefined;
}

/**
 * Puts a certificate on record, with its identity and what it is searched by; gives the number of its row.
 * @throws HoldfastError `certificate_revoked` for an identity that was revoked
 */
export async function recordCertificate(tx: Records, certificate: NewCertificate): Promise<number> {
  const { identity, issuer, serial, spki, notAfter, issuedAtMs, der, withKey } = certificate;
  const not_after = notAfter.getTime();
  const use = { nowMs: issuedAtMs, liveUntilMs: not_after, withKey };
  const { id: owner, revoked_at } = await tx.identities.ensure(identity, use);
  if (revoked_at !== null) throw identityRevoked(identity, revoked_at);
  const id = await tx.certificates.insert({
    serial,
    identity: owner,
    issuer,
    public_key: publicKeyHash(spki),
    not_after,
    issued_at: issuedAtMs,
    certificate: der,
  });
  await recordNames(tx, id, certificate);
  return id;
}

/** Records what a certificate is found by besides its serial number and its node's name: host names and fingerprint. */
export async function recordNames(
  tx: Records,
  id: number,
  { fingerprint, names }: Pick<NewCertificate, 'fingerprint' | 'names'>,
): Promise<void> {
  const hosts = names.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value.toLowerCase()] : [],
  );
  await tx.certificateNames.insert(id, [...new Set([fingerprintName(fingerprint), ...hosts])]);
}

/** Who makes the keys of an identity since a decision, as its record says it: a renewal leaves that as it was. */
export function withKeyIn(
  kind: 'issued' | 'renewed',
  details: { readonly withKey?: boolean } | undefined,
): boolean | undefined {
  return kind === 'issued' ? details?.withKey === true : undefined;
}

/** Whether a certificate can still be used at `nowMs`. */
export function isLive(
  { revoked_at, not_after }: Pick<CertificateRow, 'revoked_at' | 'not_after'>,
  nowMs: number,
): boolean {
  return revoked_at === null && nowMs <= not_after;
}

function identityRevoked(identity: Pick<Identity, 'role' | 'name'>, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: ${reissueCommand(identity)}`,
  });
}
