import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Bytes, dayMs, equalBytes, HoldfastError, type Secret } from '../../base/index.ts';
import { exportPrivateKey, exportPublicKey } from '../../pki/index.ts';
import { type CaCertificate, rootKey } from '../issuers/issuer.ts';
import type { Replacing } from '../issuers/replace-issuing.ts';
import { kinds } from '../log/kinds/index.ts';
import { recordsWith } from '../log/records-with.ts';
import type { Records } from '../records/records.ts';
import { type CrlSigning, signCrl } from '../revocation/sign-crl.ts';
import { foreign, openSealedRoot, sealRootKey } from './sealed-root.ts';

/** How the key of the root is to leave. */
export interface SealRootOrder {
  readonly passphrase: Secret<string>;
  /** Until when the root's revocation list has to last; a year from now unless said. */
  readonly until?: Date;
}

/** The key of the root on its way out; nothing has been taken from the keystore. */
export interface SealedRoot {
  /** What is to be written to the file. */
  readonly text: string;
  /** The end of the revocation list that was signed. */
  readonly crlUntil: Date;
}

/** That the key of the root is in a file that was read back. */
export interface TakeOfflineOrder {
  readonly passphrase: Secret<string>;
  /** The file as it was read back. */
  readonly sealed: Bytes;
  /** Where it is, for people. */
  readonly file: string;
  readonly by: string;
}

/** A backup that still has the key which was taken away. */
export interface HoldingBackup {
  readonly place: string;
  readonly name: string;
  readonly madeAt: Date;
}

/** Where the key that was taken away still is. */
export interface LeftCopies {
  readonly backups: readonly HoldingBackup[];
  /** Files with the key in the clear. */
  readonly files: readonly string[];
}

const ceremonyMs = 365 * dayMs;

/**
 * Signs a revocation list of the root that lasts until its key comes back, and encrypts the key for the file that it is
 * to be kept in. The key stays until {@link takeOffline}.
 *
 * @throws HoldfastError `root_offline` when it is not here, `input_invalid`, `clock_wrong`, `authority_*`
 */
export async function sealRoot(
  context: CrlSigning,
  { passphrase, until }: SealRootOrder,
): Promise<SealedRoot> {
  const { issuer, clock } = context;
  const key = await rootKey(context, 'taking it offline');
  const { certificate } = issuer.root;
  const nowMs = clock.now();
  const untilMs = until?.getTime() ?? nowMs + ceremonyMs;
  if (!(untilMs > nowMs)) {
    throw new HoldfastError(
      'input_invalid',
      `the next ceremony, ${new Date(untilMs).toISOString()}, is past`,
    );
  }
  const endMs = Math.min(untilMs, certificate.notAfter.getTime());
  await signCrl(context, issuer.root, { lifetimeMs: endMs - nowMs });
  return { text: await sealRootKey({ certificate, key }, passphrase), crlUntil: new Date(endMs) };
}

/**
 * Takes the key of the root out of the keystore, after the file that it is in was read back, opened, and found to be the
 * same key. The file of the keystore that had it is written over before it goes; a medium that writes elsewhere (flash,
 * a file system with copy on write) may keep what was there.
 *
 * @throws HoldfastError `root_offline`, `password_wrong`, `backup_damaged`, `backup_foreign`; then the key is still here
 */
export async function takeOffline(
  context: Replacing,
  { passphrase, sealed, file, by }: TakeOfflineOrder,
): Promise<LeftCopies> {
  const { issuer, keystore, records, log, clock } = context;
  const { label, certificate } = issuer.root;
  const key = await rootKey(context, 'taking it offline');
  const inFile = await openSealedRoot(sealed, passphrase);
  if (!equalBytes(exportPrivateKey(inFile.key), exportPrivateKey(key)))
    throw foreign('its key is another one');
  // On record first: a crash in between leaves a key that is still here, and is taken away by doing it again.
  await records.transaction(async (tx) => {
    await tx.issuers.moveKey(label, { file, atMs: clock.now() });
    const details = { root: certificate.fingerprint, label, file };
    await log.append(tx, kinds.rootOffline, { by, details });
  });
  await keystore.destroy(label);
  return { backups: await holdingBackups(context), files: await plainCopies(records, issuer.root) };
}

async function holdingBackups({ records }: Replacing): Promise<HoldingBackup[]> {
  const rows = await records.backups.holdingRoot();
  return rows.map(({ place, name, made_at }) => ({ place, name, madeAt: new Date(made_at) }));
}

/** The file with the key of the root, and what opens it. */
export interface BringOnlineOrder {
  readonly passphrase: Secret<string>;
  readonly sealed: Bytes;
  readonly by: string;
}

/**
 * Puts the key of the root back into the keystore; the file stays as it is.
 * @throws HoldfastError `password_wrong`, `backup_damaged`, `backup_foreign` when it is the key of another root; then
 *   nothing has changed
 */
export async function bringOnline(
  { issuer, keystore, records, log }: Replacing,
  { passphrase, sealed, by }: BringOnlineOrder,
): Promise<void> {
  const { label, certificate: root } = issuer.root;
  const { certificate, key } = await openSealedRoot(sealed, passphrase);
  if (!equalBytes(certificate.spki, root.spki)) {
    throw foreign(`it is of the root ${certificate.fingerprint}, and this one is ${root.fingerprint}`);
  }
  await keystore.update((entries) => entries.putKey(label, key));
  await records.transaction(async (tx) => {
    await tx.issuers.moveKey(label, undefined);
    await log.append(tx, kinds.rootOnline, { by, details: { root: root.fingerprint, label } });
  });
}

/** Files in which the key of a root was written in the clear, as the log has it, and still lies. */
async function plainCopies(records: Records, { label, certificate }: CaCertificate): Promise<string[]> {
  const exported = await recordsWith(records, 'exported', 'key', label);
  const paths = new Set(exported.flatMap(({ details }) => details.to ?? []));
  const found = await Promise.all(
    [...paths].map(async (path) => ((await holds(path, certificate.spki)) ? [path] : [])),
  );
  return found.flat();
}

/** What is gone, or another key by now, is no copy. */
async function holds(path: string, spki: Uint8Array): Promise<boolean> {
  try {
    return equalBytes(exportPublicKey(createPublicKey(await readFile(path))), spki);
  } catch {
    return false;
  }
}
