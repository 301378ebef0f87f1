import { type Clock, HoldfastError } from '../../base/index.ts';
import type { Identity, RevocationReason, SerialNumber } from '../../pki/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { identityLabel, type Records } from '../records/index.ts';
import type { Present } from '../standing/index.ts';

/** What certificates are revoked with. */
interface Revoking extends Recording {
  readonly clock: Clock;
  readonly present: Present;
}

/** Why, and who says so. */
export interface RevocationOrder {
  readonly reason: RevocationReason;
  /** For the log. */
  readonly by: string;
}

/**
 * Revokes every certificate and bearer token of an identity that could still be used, and records which; the identity itself goes on.
 * How much work it is depends on how many these are, and on nothing else.
 */
export async function revokeCertificates(
  tx: Records,
  context: Revoking,
  identity: Identity,
  order: RevocationOrder,
): Promise<void> {
  const row = await tx.identities.find(identity);
  const serials = row === undefined ? [] : await usable(tx, context, row.id, order);
  const bearerTokens = await tx.bearerTokens.liveOf(identity, context.clock.now());
  if (serials.length + bearerTokens.length === 0) return;
  const { reason, by } = order;
  const details = { identity: identityLabel(identity), reason, serials, bearerTokens };
  await context.log.decide(tx, kinds.revoked, { by, details });
}

/**
 * What an identity could still use, for a late renewal too; where its keys are lost, all that it ever had, by which its
 * keys are known.
 */
async function usable(
  tx: Records,
  { clock, present }: Revoking,
  identityId: number,
  { reason }: RevocationOrder,
): Promise<SerialNumber[]> {
  const nowMs = clock.now();
  const graceMs = Math.max(...Object.values(present.policy.profiles).map((profile) => profile.graceMs));
  const endingFromMs = reason === 'keyCompromise' ? 0 : nowMs - graceMs;
  return await tx.certificates.goodOfIdentity(identityId, endingFromMs);
}

/**
 * Ends one certificate; its identity goes on, and may renew from another certificate that it has. One that has expired
 * can be revoked too: its key may have to be known as lost. With a key that is, all certificates of it end.
 * @throws HoldfastError `object_not_found`, `already_revoked`
 */
export async function revokeCertificate(
  { records, log, clock }: Revoking,
  serial: SerialNumber,
  { reason, by }: RevocationOrder,
): Promise<Revoked> {
  return await records.transaction(async (tx) => {
    const row = await tx.certificates.find(serial);
    if (row === undefined) throw unknownSerial(serial);
    if (row.revoked_at !== null) throw revokedBefore(serial, row.revoked_at, row.revocation_reason);
    // All certificates of a key are of one identity.
    const serials = reason === 'keyCompromise' ? await tx.certificates.goodOfKey(row.public_key) : [serial];
    const identity = identityLabel(await tx.identities.read(row.identity));
    await log.decide(tx, kinds.revoked, { by, details: { identity, reason, serials } });
    return { identity, serials, joinCodes: [], bearerTokens: [], reason, at: new Date(clock.now()) };
  });
}

/**
 * Ends a certificate that the root had issued before it was adopted; the list of the root says so.
 * @throws HoldfastError `object_not_found`, `already_revoked`
 */
export async function revokeImported(
  { records, log, clock }: Revoking,
  serial: SerialNumber,
  { reason, by }: RevocationOrder,
): Promise<Revoked> {
  return await records.transaction(async (tx) => {
    const row = await tx.imported.find(serial);
    if (row === undefined) throw unknownSerial(serial);
    if (row.revoked_at !== null) throw revokedBefore(serial, row.revoked_at, row.revocation_reason);
    await log.decide(tx, kinds.importedRevoked, { by, details: { issuer: row.issuer, serial, reason } });
    const identity = row.subject ?? 'a certificate of before';
    return {
      identity,
      serials: [serial],
      joinCodes: [],
      bearerTokens: [],
      reason,
      at: new Date(clock.now()),
    };
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

/** What was revoked, on record. */
export interface Revoked {
  /** `client/alpha`; of a certificate of before its subject. */
  readonly identity: string;
  /** Of the certificates that ended with it. */
  readonly serials: readonly SerialNumber[];
  /** The numbers of the join codes that ended with it. */
  readonly joinCodes: readonly number[];
  /** The numbers of the bearer tokens that ended with it. */
  readonly bearerTokens: readonly number[];
  readonly reason: RevocationReason;
  readonly at: Date;
}

/**
 * Ends an identity: every certificate and bearer token that it could use, its renewal, and the join codes of its name. It comes back
 * with a join code that is made for a reissue afterwards, and with nothing else.
 * @throws HoldfastError `object_not_found` when nothing was ever issued to it, `already_revoked`
 */
export async function revokeIdentity(
  context: Revoking,
  identity: Pick<Identity, 'role' | 'name'>,
  order: RevocationOrder,
): Promise<Revoked> {
  const { records, log, clock } = context;
  const { reason, by } = order;
  const label = identityLabel(identity);
  return await records.transaction(async (tx) => {
    const nowMs = clock.now();
    const row = await tx.identities.find(identity);
    if (row === undefined && !(await trustsUnseen(tx))) throw unknownIdentity(label);
    const serials = row === undefined ? [] : await usable(tx, context, row.id, order);
    const joinCodes = await tx.joinCodes.liveOf(identity, nowMs);
    const bearerTokens = await tx.bearerTokens.liveOf(identity, nowMs);
    const endedMs = row?.revoked_at ?? null;
    const live = serials.length + joinCodes.length + bearerTokens.length;
    if (endedMs !== null && live === 0) throw identityRevokedBefore(label, endedMs);
    const details = { identity: label, reason, serials, whole: true, tokens: joinCodes, bearerTokens };
    await log.decide(tx, kinds.revoked, { by, details });
    return { identity: label, serials, joinCodes, bearerTokens, reason, at: new Date(nowMs) };
  });
}

/** Whether there may be certificates that nothing was seen of yet, and that would be trusted all the same. */
async function trustsUnseen({ state }: Records): Promise<boolean> {
  return ((await state.read())?.trusts_before ?? null) !== null;
}

function unknownIdentity(label: string): HoldfastError {
  return new HoldfastError('object_not_found', `nothing was ever issued to ${label}`, {
    hint: 'holdfast cert list shows what was; holdfast token revoke ID takes a join code back',
  });
}

function identityRevokedBefore(label: string, atMs: number): HoldfastError {
  return new HoldfastError('already_revoked', `${label} was revoked ${new Date(atMs).toISOString()}`, {
    hint: 'holdfast cert list shows its certificates',
  });
}
