import type { KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  asBuffer,
  type Bytes,
  dayMs,
  equalBytes,
  HoldfastError,
  isHoldfastError,
  Secret,
} from '../../base/index.ts';
import {
  type Certificate,
  certificatePem,
  exportPrivateKey,
  exportPublicKey,
  importPrivateKey,
  parseCertificate,
  parsePem,
  privateKeyPem,
} from '../../pki/index.ts';
import { passphraseIdentity, passphraseRecipient } from '../../trust/index.ts';
import { type Replacing, rootKey } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { type CrlSigning, signCrl } from '../revocation/index.ts';
import { type Copied, isThere, type KeyCopy, plainCopies } from './plain-copies.ts';

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
interface HoldingBackup {
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

/** A root's key and the certificate that it belongs to. */
interface RootKey {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

const armorBegin = '-----BEGIN AGE ENCRYPTED FILE-----';

/**
 * The text of a file with a root's key: an age file (age-encryption.org) under a passphrase, in armor so that it can be
 * printed; inside, certificate and key in PEM, so that any program that speaks age brings them back.
 */
async function sealRootKey({ certificate, key }: RootKey, passphrase: Secret<string>): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase));
  const plain = certificatePem(certificate.der) + privateKeyPem(exportPrivateKey(key));
  return armor.encode(await encrypter.encrypt(plain));
}

/**
 * What {@link sealRootKey} put into a file.
 * @throws HoldfastError `password_wrong`, `backup_damaged`, `backup_foreign` when it is no such file
 */
async function openSealedRoot(sealed: Bytes, passphrase: Secret<string>): Promise<RootKey> {
  const text = asBuffer(sealed).toString('latin1').trim();
  if (!text.startsWith(armorBegin)) throw foreign('it is not encrypted as one');
  return readRootKey(await decrypt(text, passphrase));
}

async function decrypt(text: string, passphrase: Secret<string>): Promise<Secret<string>> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(passphraseIdentity(passphrase));
  try {
    return new Secret(await decrypter.decrypt(armor.decode(text), 'text'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!error.message.includes('no identity matched')) throw damaged(error.message, error);
    throw new HoldfastError(
      'password_wrong',
      'the password does not open the file with the key of the root',
      {
        hint: 'nothing was changed; use the one that the file was made with',
        cause: error,
      },
    );
  }
}

function readRootKey(plain: Secret<string>): RootKey {
  try {
    const blocks = parsePem(plain.reveal());
    const bytesOf = (label: string): Bytes | undefined => blocks.find((block) => block.label === label)?.der;
    const [der, pkcs8] = [bytesOf('CERTIFICATE'), bytesOf('PRIVATE KEY')];
    if (der === undefined || pkcs8 === undefined) throw foreign('it holds no certificate with its key');
    const [certificate, key] = [parseCertificate(der), importPrivateKey(pkcs8)];
    if (equalBytes(exportPublicKey(key), certificate.spki)) return { certificate, key };
    throw damaged('key and certificate do not belong together');
  } catch (error) {
    if (isHoldfastError(error, 'pem_malformed', 'certificate_malformed', 'der_malformed', 'key_malformed'))
      throw damaged(error.message, error);
    throw error;
  }
}

/** That a file is none with the key of this authority's root. */
function foreign(problem: string): HoldfastError {
  return new HoldfastError('backup_foreign', `no file with the key of this root: ${problem}`, {
    hint: 'nothing was changed; name what holdfast ca offline FILE wrote',
  });
}

/** That bytes of such a file are missing or changed. */
function damaged(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('backup_damaged', `the file with the key of the root is damaged: ${problem}`, {
    hint: 'nothing was changed; use another copy of it',
    cause,
  });
}
