import { HoldfastError } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { RevocationReason, Role, SerialNumber } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import { identityLabel } from '../identity-records.ts';
import type { RevocationOrder } from './revoke-certificates.ts';
import type { Revoked } from './revoked.ts';

interface Row {
  readonly id: number;
  readonly role: Role;
  readonly name: string;
  readonly public_key: Uint8Array;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
}

/**
 * Ends one certificate; its identity goes on, and may renew from another certificate that it has. One that has expired
 * can be revoked too: its key may have to be known as lost. With a key that is, all certificates of it end.
 * @throws HoldfastError `object_not_found`, `already_revoked`
 */
export async function revokeCertificate(
  { database, log, clock }: AuthorityContext,
  serial: SerialNumber,
  { reason, by }: RevocationOrder,
): Promise<Revoked> {
  return await database.transaction(async (tx) => {
    const row = await tx.get<Row>(
      `SELECT c.id, c.public_key, c.revoked_at, c.revocation_reason, i.role, i.name
        FROM certificates c JOIN identities i ON i.id = c.identity WHERE c.serial = ?`,
      serial,
    );
    if (row === undefined) throw unknownSerial(serial);
    if (row.revoked_at !== null) throw revokedBefore(serial, row.revoked_at, row.revocation_reason);
    const nowMs = clock.now();
    const serials = await markRevoked(tx, row, { reason, nowMs });
    const identity = identityLabel(row);
    await log.append(tx, { kind: 'revoked', by, details: { identity, reason, serials } });
    return { identity, serials, joinCodes: [], reason, at: new Date(nowMs) };
  });
}

/** All certificates of a key are of one identity. */
async function markRevoked(
  tx: Queries,
  { id, public_key }: Row,
  { reason, nowMs }: { readonly reason: RevocationReason; readonly nowMs: number },
): Promise<SerialNumber[]> {
  const [which, value] =
    reason === 'keyCompromise' ? (['public_key', public_key] as const) : (['id', id] as const);
  const revoked = await tx.all<{ serial: SerialNumber }>(
    `UPDATE certificates SET revoked_at = ?, revocation_reason = ?
      WHERE ${which} = ? AND revoked_at IS NULL RETURNING serial`,
    nowMs,
    reason,
    value,
  );
  return revoked.map(({ serial }) => serial);
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
