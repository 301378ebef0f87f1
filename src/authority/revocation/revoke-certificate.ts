import { HoldfastError } from '../../base/index.ts';
import type { RevocationReason, Role, SerialNumber } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { identityLabel } from '../identity-records.ts';
import type { RevocationOrder } from './revoke-certificates.ts';
import type { Revoked } from './revoked.ts';

interface Row {
  readonly id: number;
  readonly role: Role;
  readonly name: string;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
}

/**
 * Ends one certificate; its identity goes on, and may renew from another certificate that it has. One that has expired
 * can be revoked too: its key may have to be known as lost.
 * @throws HoldfastError `object_not_found`, `already_revoked`
 */
export async function revokeCertificate(
  { database, log, clock }: AuthorityContext,
  serial: SerialNumber,
  { reason, by }: RevocationOrder,
): Promise<Revoked> {
  return await database.transaction(async (tx) => {
    const row = await tx.get<Row>(
      `SELECT c.id, c.revoked_at, c.revocation_reason, i.role, i.name
        FROM certificates c JOIN identities i ON i.id = c.identity WHERE c.serial = ?`,
      serial,
    );
    if (row === undefined) throw unknownSerial(serial);
    if (row.revoked_at !== null) throw revokedBefore(serial, row.revoked_at, row.revocation_reason);
    const nowMs = clock.now();
    await tx.run(
      'UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE id = ?',
      nowMs,
      reason,
      row.id,
    );
    const identity = identityLabel(row);
    await log.append(tx, { kind: 'revoked', by, details: { identity, reason, serials: [serial] } });
    return { identity, serials: [serial], joinCodes: [], reason, at: new Date(nowMs) };
  });
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
