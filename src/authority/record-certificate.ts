import type { Bytes } from '../base/index.ts';
import type { Queries } from '../db/index.ts';
import type { Fingerprint, GeneralName, Identity, SerialNumber } from '../pki/index.ts';
import { recordNames } from './certificate-names.ts';
import { ensureIdentity } from './identity-records.ts';
import { publicKeyHash } from './key-rules.ts';

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
export async function recordCertificate(tx: Queries, certificate: NewCertificate): Promise<number> {
  const { identity, issuer, serial, spki, notAfter, issuedAtMs, der, withKey } = certificate;
  const use = { nowMs: issuedAtMs, liveUntilMs: notAfter.getTime(), withKey };
  const { id } = await ensureIdentity(tx, identity, use);
  const row = await tx.get<{ id: number }>(
    `INSERT INTO certificates (serial, identity, issuer, public_key, not_after, issued_at, certificate)
      VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    serial,
    id,
    issuer,
    publicKeyHash(spki),
    notAfter.getTime(),
    issuedAtMs,
    der,
  );
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  await recordNames(tx, row.id, certificate);
  return row.id;
}
