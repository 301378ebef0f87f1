import { HoldfastError } from '../../base/index.ts';
import type { RevocationReason, SerialNumber } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { CertificateRow, Revocation } from '../records/certificates.ts';
import { identityLabel } from '../records/identity-label.ts';
import type { Records } from '../records/records.ts';
import type { RevocationOrder } from './revoke-certificates.ts';
import type { Revoked } from './revoked.ts';

/**
 * Ends one certificate; its identity goes on, and may renew from another certificate that it has. One that has expired
 * can be revoked too: its key may have to be known as lost. With a key that is, all certificates of it end.
 * @throws HoldfastError `object_not_found`, `already_revoked`
 */
export async function revokeCertificate(
  { records, log, clock }: AuthorityContext,
  serial: SerialNumber,
  { reason, by }: RevocationOrder,
): Promise<Revoked> {
  return await records.transaction(async (tx) => {
    const row = await tx.certificates.find(serial);
    if (row === undefined) throw unknownSerial(serial);
    if (row.revoked_at !== null) throw revokedBefore(serial, row.revoked_at, row.revocation_reason);
    const nowMs = clock.now();
    const serials = await markRevoked(tx, row, { reason, atMs: nowMs });
    const identity = identityLabel(await tx.identities.read(row.identity));
    await log.append(tx, { kind: 'revoked', by, details: { identity, reason, serials } });
    return { identity, serials, joinCodes: [], reason, at: new Date(nowMs) };
  });
}

/** All certificates of a key are of one identity. */
async function markRevoked(
  { certificates }: Records,
  { serial, public_key }: CertificateRow,
  revocation: Revocation,
): Promise<SerialNumber[]> {
  if (revocation.reason === 'keyCompromise') return await certificates.revokeOfKey(public_key, revocation);
  await certificates.revoke(serial, revocation);
  return [serial];
}

function unknownSerial(serial: SerialNumber): HoldfastError {
  return new HoldfastError('object_not_found', `this authority issued no certificate ${serial}`, {
    hint: 'holdfast cert list shows them all',
  });
}

function revokedBefore(serial: SerialNumber, atMs: number, reason: RevocationReason | null): HoldfastError {
  const when = `${new Date(atMs).toISOString()} (${reason ?? 'unspecified'})`;
  return new HoldfastError('already_revoked', `certificate ${serial} was revoked ${when}`, {
    hint: `holdfast cert show ${serial}`,
  });
}
