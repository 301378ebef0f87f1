import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Bytes, dayMs, equalBytes, HoldfastError, type Secret } from '../../base/index.ts';
import { exportPrivateKey } from '../../pki/index.ts';
import { type Replacing, rootKey } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { type CrlSigning, signCrl } from '../revocation/index.ts';
import { type Copied, isThere, type KeyCopy, plainCopies } from './plain-copies.ts';
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
  /** Files with the key in the clear, or in a PKCS#12 file. */
  readonly files: readonly string[];
  /** When it was written to a PKCS#12 file of which the log does not say where it is. */
  readonly unplaced: readonly Date[];
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
  context: Replacing & Copied,
  { passphrase, sealed, file, by }: TakeOfflineOrder,
): Promise<LeftCopies> {
  const { issuer, keystore, keyCopies, log } = context;
  const { label, certificate } = issuer.root;
  const key = await rootKey(context, 'taking it offline');
  const inFile = await openSealedRoot(sealed, passphrase);
  if (!equalBytes(exportPrivateKey(inFile.key), exportPrivateKey(key)))
    throw foreign('its key is another one');
  // On record first: a crash in between leaves a key that is still here, and is taken away by doing it again.
  const details = { root: certificate.fingerprint, label, file };
  await log.record(kinds.rootOffline, { by, details });
  await keystore.destroy(label);
  const written = await keyCopies.ofRoot(label);
  return {
    backups: onceEach([...(await holdingBackups(context)), ...(await backupFiles(written))]),
    files: await plainCopies(context),
    unplaced: written.filter(({ path }) => path === undefined).map(({ at }) => at),
  };
}

async function holdingBackups({ records }: Replacing): Promise<HoldingBackup[]> {
  const rows = await records.backups.holdingRoot();
  return rows.map(({ place, name, made_at }) => ({ place, name, madeAt: new Date(made_at) }));
}

/** What this authority was moved into before it went on here, and what it was restored from. */
async function backupFiles(written: readonly KeyCopy[]): Promise<HoldingBackup[]> {
  const files = written.flatMap(({ form, path, at }) => (form === 'backup' && path ? [{ path, at }] : []));
  const there = await Promise.all(files.map(({ path }) => isThere(() => stat(path))));
  return files
    .filter((_, index) => there[index])
    .map(({ path, at }) => ({ place: dirname(path), name: basename(path), madeAt: at }));
}

/** What this authority was restored from can be on record as a backup, too. */
function onceEach(backups: readonly HoldingBackup[]): HoldingBackup[] {
  const places = new Map(backups.toReversed().map((each) => [join(each.place, each.name), each]));
  return backups.filter((each) => places.get(join(each.place, each.name)) === each);
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
  { issuer, keystore, log }: Replacing,
  { passphrase, sealed, by }: BringOnlineOrder,
): Promise<void> {
  const { label, certificate: root } = issuer.root;
  const { certificate, key } = await openSealedRoot(sealed, passphrase);
  if (!equalBytes(certificate.spki, root.spki)) {
    throw foreign(`it is of the root ${certificate.fingerprint}, and this one is ${root.fingerprint}`);
  }
  await keystore.update((entries) => entries.putKey(label, key));
  await log.record(kinds.rootOnline, { by, details: { root: root.fingerprint, label } });
}
