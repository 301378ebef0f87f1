import { isHoldfastError } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import {
  type Certificate,
  isRevocationReason,
  parseCertificate,
  publicKeyOf,
  type Role,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { changePolicy, defaultNetworkPolicy, type PolicyDifference } from '../../policy/index.ts';
import { authorityDamaged } from '../authority-damaged.ts';
import { withKeyIn } from '../identity-records.ts';
import { markIssuerRevoked, recordIssuer } from '../issuer-records.ts';
import { findUse, recordUse } from '../join-code-records.ts';
import { publicKeyHash } from '../key-rules.ts';
import type { LogRecord } from '../log/log-record.ts';
import { parseStored } from '../policy/live-policy.ts';
import { recordCertificate } from '../record-certificate.ts';
import { reviveIdentity } from '../revocation/revoke-identity.ts';
import type { MirroredRecord } from './mirrored-lines.ts';

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
  tx: Queries,
  { record, text, certificate: der, sealed }: MirroredRecord,
  counts: ReplayCounts,
): Promise<void> {
  await tx.run('INSERT INTO log (sequence, record) VALUES (?, ?)', record.sequence, text);
  counts.records += 1;
  if (der !== undefined) await replayCertificate(tx, record, parseCertificate(der), counts);
  else if (sealed !== undefined) await replayEscrow(tx, record, sealed);
  else if (record.kind === 'policy changed') await replayPolicy(tx, record, counts);
  else if (record.kind === 'issuing certificate revoked') await replayIssuerRevoked(tx, record);
  else if (record.kind === 'revoked') await replayRevocation(tx, record, counts);
  else if (record.kind === 'crl signed') await replayCrl(tx, record);
  else if (record.kind === 'store accepted')
    await tx.run('UPDATE authority SET store = ?', String(record.details['store']));
  else if (record.kind === 'token revoked') await replayTokenRevoked(tx, record);
  else if (record.kind === 'backed up') await replayBackup(tx, record);
  else if (record.kind === 'root offline' || record.kind === 'root online') await replayRootMoved(tx, record);
  else if (unrecoverable.includes(record.kind))
    counts.lost[record.kind] = (counts.lost[record.kind] ?? 0) + 1;
}

async function replayCertificate(
  tx: Queries,
  record: LogRecord,
  certificate: Certificate,
  counts: ReplayCounts,
): Promise<void> {
  if (record.kind === 'issuing certificate replaced') {
    await replayIssuer(tx, String(record.details['label']), certificate, counts);
    return;
  }
  await putOnRecord(tx, record, certificate);
  counts.certificates += 1;
}

/** One that is on record already came with the keys. */
async function replayIssuer(
  tx: Queries,
  label: string,
  certificate: Certificate,
  counts: ReplayCounts,
): Promise<void> {
  if ((await tx.get('SELECT 1 FROM issuers WHERE label = ?', label)) !== undefined) return;
  const generation = Number(label.split('-')[1]);
  await recordIssuer(tx, { kind: 'issuing', generation, certificate });
  counts.issuers += 1;
}

/** An issued certificate, with its identity, and the use of the join code it came by when that is known here. */
async function putOnRecord(
  tx: Queries,
  { kind, details, at }: LogRecord,
  certificate: Certificate,
): Promise<void> {
  const issuedAt = Date.parse(at);
  const [role, name] = splitLabel(String(details['identity']));
  // Whatever the identity is given again after it was ended is given by a reissue, which takes the end back.
  await reviveIdentity(tx, { role, name });
  const id = await recordCertificate(tx, {
    ...certificate,
    identity: { role, name },
    issuer: await issuerOf(tx, certificate),
    issuedAtMs: issuedAt,
    names: certificate.extensions.subjectAltNames,
    withKey: withKeyIn(kind, details),
  });
  const token = details['token'];
  if (typeof token !== 'number') return;
  const code = await tx.get<{ id: number }>('SELECT id FROM join_codes WHERE id = ?', token);
  if (code === undefined) return;
  await recordUse(tx, code, id, await findUse(tx, code, publicKeyHash(certificate.spki)));
}

/** The label of the certificate that signed it. @throws HoldfastError `authority_damaged` when none did */
async function issuerOf(tx: Queries, certificate: Certificate): Promise<string> {
  const sql = "SELECT label, certificate FROM issuers WHERE kind = 'issuing' ORDER BY generation DESC";
  for (const { label, certificate: der } of await tx.all<{ label: string; certificate: Uint8Array }>(sql)) {
    if (verifyCertificateSignature(certificate, publicKeyOf(parseCertificate(der)))) return label;
  }
  throw authorityDamaged(
    `the log names certificate ${certificate.serial}, which no issuing certificate here signed`,
  );
}

async function replayRevocation(
  tx: Queries,
  { details, at }: LogRecord,
  counts: ReplayCounts,
): Promise<void> {
  const atMs = Date.parse(at);
  const serials = Array.isArray(details['serials']) ? (details['serials'] as unknown[]) : [];
  for (const serial of serials.map(String)) {
    const sql =
      'UPDATE certificates SET revoked_at = ?, revocation_reason = ? WHERE serial = ? AND revoked_at IS NULL';
    counts.revoked += (await tx.run(sql, atMs, String(details['reason']), serial)).changes;
  }
  if (details['whole'] !== true) return;
  const [role, name] = splitLabel(String(details['identity']));
  await tx.run('UPDATE identities SET revoked_at = ? WHERE role = ? AND name = ?', atMs, role, name);
  const endCodes =
    'UPDATE join_codes SET revoked_at = ? WHERE role = ? AND name = ? AND revoked_at IS NULL AND expires_at >= ?';
  await tx.run(endCodes, atMs, role, name, atMs);
}

async function replayIssuerRevoked(tx: Queries, { details, at }: LogRecord): Promise<void> {
  const reason = String(details['reason']);
  const revocation = {
    at: new Date(at),
    reason: isRevocationReason(reason) ? reason : 'unspecified',
  } as const;
  await markIssuerRevoked(tx, String(details['label']), revocation);
}

async function replayEscrow(tx: Queries, { by, details, at }: LogRecord, sealed: Uint8Array): Promise<void> {
  const [role, name] = splitLabel(by);
  await tx.run(
    `INSERT INTO escrows (identity, repository, sealed, stored_at)
      SELECT id, ?, ?, ? FROM identities WHERE role = ? AND name = ?`,
    String(details['repository']),
    sealed,
    Date.parse(at),
    role,
    name,
  );
}

/** A change that does not fit any more is lost like what the log does not hold. */
async function replayPolicy(tx: Queries, { details, kind }: LogRecord, counts: ReplayCounts): Promise<void> {
  const row = await tx.get<{ value: string }>('SELECT value FROM policy');
  const present = row === undefined ? defaultNetworkPolicy : parseStored(row.value);
  try {
    const next = (details['changes'] as PolicyDifference[]).reduce(
      (policy, { key, after }) => changePolicy(policy, key, after),
      present,
    );
    await tx.run('INSERT OR REPLACE INTO policy (id, value) VALUES (1, ?)', JSON.stringify(next));
  } catch (error) {
    if (!isHoldfastError(error, 'settings_invalid')) throw error;
    counts.lost[kind] = (counts.lost[kind] ?? 0) + 1;
  }
}

async function replayCrl(tx: Queries, { details }: LogRecord): Promise<void> {
  await tx.run('UPDATE authority SET crl_number = max(crl_number, ?)', Number(details['number']));
}

async function replayTokenRevoked(tx: Queries, { details, at }: LogRecord): Promise<void> {
  const sql = 'UPDATE join_codes SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
  await tx.run(sql, Date.parse(at), Number(details['token']));
}

/** Backups that were made since: where they lie, and that they may hold the key of the root. */
async function replayBackup(tx: Queries, { details, at }: LogRecord): Promise<void> {
  const missing = details['missing'] as unknown[];
  const roots = await tx.all<{ label: string }>("SELECT label FROM issuers WHERE kind = 'root'");
  await tx.run(
    'INSERT INTO backups (place, name, made_at, bytes, sequence, holds_root) VALUES (?, ?, ?, ?, ?, ?)',
    String(details['place']),
    String(details['name']),
    Date.parse(at),
    Number(details['bytes']),
    (details['holds'] as { sequence: number }).sequence,
    Number(roots.some(({ label }) => !missing.includes(label))),
  );
}

/** Where the key of the root was taken to; the backup may be older than that, and hold the key still. */
async function replayRootMoved(tx: Queries, { kind, details, at }: LogRecord): Promise<void> {
  const [file, movedAt] = kind === 'root offline' ? [String(details['file']), Date.parse(at)] : [null, null];
  const sql = 'UPDATE issuers SET key_file = ?, key_moved_at = ? WHERE label = ?';
  await tx.run(sql, file, movedAt, String(details['label']));
}

function splitLabel(label: string): [Role, string] {
  const slash = label.indexOf('/');
  return [label.slice(0, slash) as Role, label.slice(slash + 1)];
}
