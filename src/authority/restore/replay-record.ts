import { isHoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  parseCertificate,
  publicKeyOf,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { changePolicy } from '../../policy/index.ts';
import { findUse, recordUse } from '../enrol/recorded-join-codes.ts';
import { recordCertificate, withKeyIn } from '../issue/record-certificate.ts';
import { recordIssuer } from '../issuers/issuer.ts';
import type { LogRecord, RecordNamed } from '../log/log-record.ts';
import type { MirroredRecord } from '../mirror/mirrored-lines.ts';
import { authorityDamaged } from '../records/authority-files.ts';
import { identityOf } from '../records/identity-label.ts';
import { policyOnRecord } from '../records/policy.ts';
import { publicKeyHash } from '../records/public-key-hash.ts';
import type { Records } from '../records/records.ts';

/** How much was replayed of what. */
export interface ReplayCounts {
  records: number;
  certificates: number;
  revoked: number;
  issuers: number;
  /** Records whose contents no log holds: by kind. */
  readonly lost: Record<string, number>;
}

/** What only the database held that is gone: the log says that it was, not what it was. */
const unrecoverable: readonly string[] = ['token created', 'escrowed', 'requested', 'tls bound'];

/** Puts one record into the log as it was written, and does again what it says that was done. */
export async function replayRecord(
  tx: Records,
  { record, text, certificate: der, sealed }: MirroredRecord,
  counts: ReplayCounts,
): Promise<void> {
  await tx.log.append({ sequence: record.sequence, record: text });
  counts.records += 1;
  if (der !== undefined) await replayCertificate(tx, record, parseCertificate(der), counts);
  else if (record.kind === 'escrowed' && sealed !== undefined) await replayEscrow(tx, record, sealed);
  else if (record.kind === 'policy changed') await replayPolicy(tx, record, counts);
  else if (record.kind === 'issuing certificate revoked') await replayIssuerRevoked(tx, record);
  else if (record.kind === 'revoked') await replayRevocation(tx, record, counts);
  else if (record.kind === 'crl signed') await replayCrl(tx, record);
  else if (record.kind === 'store accepted') await tx.state.setStore(record.details.store);
  else if (record.kind === 'token revoked') await replayTokenRevoked(tx, record);
  else if (record.kind === 'backed up') await replayBackup(tx, record);
  else if (record.kind === 'root offline' || record.kind === 'root online') await replayRootMoved(tx, record);
  else if (unrecoverable.includes(record.kind))
    counts.lost[record.kind] = (counts.lost[record.kind] ?? 0) + 1;
}

async function replayCertificate(
  tx: Records,
  record: LogRecord,
  certificate: Certificate,
  counts: ReplayCounts,
): Promise<void> {
  if (record.kind === 'issuing certificate replaced') {
    await replayIssuer(tx, record.details.label, certificate, counts);
    return;
  }
  if (record.kind !== 'issued' && record.kind !== 'renewed') return;
  await putOnRecord(tx, record, certificate);
  counts.certificates += 1;
}

/** One that is on record already came with the keys. */
async function replayIssuer(
  tx: Records,
  label: string,
  certificate: Certificate,
  counts: ReplayCounts,
): Promise<void> {
  if ((await tx.issuers.find(label)) !== undefined) return;
  const generation = Number(label.split('-')[1]);
  await recordIssuer(tx, { kind: 'issuing', generation, certificate });
  counts.issuers += 1;
}

/** An issued certificate, with its identity, and the use of the join code it came by when that is known here. */
async function putOnRecord(
  tx: Records,
  { kind, details, at }: RecordNamed<'issued' | 'renewed'>,
  certificate: Certificate,
): Promise<void> {
  const issuedAt = Date.parse(at);
  const identity = identityOf(details.identity);
  // Whatever the identity is given again after it was ended is given by a reissue, which takes the end back.
  await tx.identities.revive(identity);
  const id = await recordCertificate(tx, {
    ...certificate,
    identity,
    issuer: await issuerOf(tx, certificate),
    issuedAtMs: issuedAt,
    names: certificate.extensions.subjectAltNames,
    withKey: withKeyIn(kind, details),
  });
  const { token } = details;
  if (token === undefined) return;
  const code = await tx.joinCodes.find(token);
  if (code === undefined) return;
  await recordUse(tx, code, id, await findUse(tx, code, publicKeyHash(certificate.spki)));
}

/** The label of the certificate that signed it. @throws HoldfastError `authority_damaged` when none did */
async function issuerOf(tx: Records, certificate: Certificate): Promise<string> {
  for (const { label, certificate: der } of await tx.issuers.list('issuing')) {
    if (verifyCertificateSignature(certificate, publicKeyOf(parseCertificate(der)))) return label;
  }
  throw authorityDamaged(
    `the log names certificate ${certificate.serial}, which no issuing certificate here signed`,
  );
}

async function replayRevocation(
  tx: Records,
  { details, at }: RecordNamed<'revoked'>,
  counts: ReplayCounts,
): Promise<void> {
  const atMs = Date.parse(at);
  const revocation = { atMs, reason: details.reason };
  for (const serial of details.serials)
    if (await tx.certificates.revoke(serial, revocation)) counts.revoked += 1;
  if (details.whole !== true) return;
  const identity = identityOf(details.identity);
  await tx.identities.end(identity, atMs);
  await tx.joinCodes.revokeOf(identity, atMs);
}

async function replayIssuerRevoked(
  tx: Records,
  { details, at }: RecordNamed<'issuing certificate revoked'>,
): Promise<void> {
  await tx.issuers.markRevoked(details.label, Date.parse(at), details.reason);
}

async function replayEscrow(
  tx: Records,
  { by, details, at }: RecordNamed<'escrowed'>,
  sealed: Uint8Array,
): Promise<void> {
  const owner = await tx.identities.find(identityOf(by));
  if (owner === undefined) return;
  const repository = details.repository;
  await tx.escrows.insert(owner.id, { repository, sealed, storedAtMs: Date.parse(at) });
}

/** A change that does not fit any more is lost like what the log does not hold. */
async function replayPolicy(
  tx: Records,
  { details, kind }: RecordNamed<'policy changed'>,
  counts: ReplayCounts,
): Promise<void> {
  const present = policyOnRecord(await tx.policy.read());
  try {
    const next = details.changes.reduce(
      (policy, { key, after }) => changePolicy(policy, key, after),
      present,
    );
    await tx.policy.put(JSON.stringify(next));
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    counts.lost[kind] = (counts.lost[kind] ?? 0) + 1;
  }
}

async function replayCrl(tx: Records, { details }: RecordNamed<'crl signed'>): Promise<void> {
  await tx.state.raiseCrlNumber(details.number);
}

async function replayTokenRevoked(tx: Records, { details, at }: RecordNamed<'token revoked'>): Promise<void> {
  await tx.joinCodes.revoke(details.token, Date.parse(at));
}

/** Backups that were made since: where they lie, and that they may hold the key of the root. */
async function replayBackup(tx: Records, { details, at }: RecordNamed<'backed up'>): Promise<void> {
  const { place, name, bytes, holds, missing } = details;
  const roots = await tx.issuers.list('root');
  await tx.backups.insert({
    place,
    name,
    made_at: Date.parse(at),
    bytes,
    sequence: holds.sequence,
    holds_root: Number(roots.some(({ label }) => !missing.includes(label))),
  });
}

/** Where the key of the root was taken to; the backup may be older than that, and hold the key still. */
async function replayRootMoved(
  tx: Records,
  { kind, details, at }: RecordNamed<'root offline' | 'root online'>,
): Promise<void> {
  const to = kind === 'root offline' ? { file: details.file, atMs: Date.parse(at) } : undefined;
  await tx.issuers.moveKey(details.label, to);
}
