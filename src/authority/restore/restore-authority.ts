import { HoldfastError, isHoldfastError, type Secret } from '../../base/index.ts';
import type { DatabasePlace } from '../../db/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { rootCameBack } from '../custody/index.ts';
import { checkNamesOfServer, readIssuer } from '../issuers/index.ts';
import { AuditLog } from '../log/index.ts';
import { authorityExists, buildAuthority, hasAuthority, lockHome } from '../opening/index.ts';
import {
  type AuthorityRecords,
  authorityDirectory,
  existingDatabase,
  moveRecords,
  openRecords,
  type Records,
} from '../records/index.ts';
import {
  type BackupKey,
  type BackupManifest,
  backupDamaged,
  gather,
  readBackup,
  unpackBackup,
} from '../sealed/index.ts';
import { type CatchUpOrder, type CaughtUp, catchUp } from './catch-up.ts';

/** What is restored, and where. */
export interface RestoreOrder extends CatchUpOrder {
  /** A home without an authority. */
  readonly home: string;
  /** The backup. */
  readonly path: string;
  readonly key: BackupKey;
  /** What is to open the keystore here; a stash unless given. */
  readonly passphrase?: Secret<string>;
  /** What the server is to be called. */
  readonly names: readonly string[];
  /** Where its records are to be; in a file of the home unless said. */
  readonly database?: DatabasePlace;
}

/** A restored authority: what it learnt, or why it waits. */
export interface Restored {
  readonly manifest: BackupManifest;
  readonly result: CaughtUp | HoldfastError;
}

/** What is in a backup, all of it checked. */
export interface BackupContents {
  readonly manifest: BackupManifest;
  /** The settings file of the machine it was made on. */
  readonly settings?: string;
}

const maxSettingsBytes = 1024 * 1024;

/** Reads a whole backup and changes nothing. @throws HoldfastError as `readBackup` does */
export async function inspectBackup(path: string, key: BackupKey): Promise<BackupContents> {
  let settings: string | undefined;
  const manifest = await readBackup(path, key, {
    take: async (name, chunks) => {
      if (name === 'settings') settings = Buffer.from(await gather(chunks, maxSettingsBytes)).toString();
      else for await (const _chunk of chunks);
    },
  });
  return { manifest, settings };
}

/**
 * Makes the authority of a home from a backup, in an epoch of its own, and lets it learn what happened since. When there
 * is nobody to learn it from the authority is there all the same and waits: see {@link resumeRestore}. It is built beside
 * its place; a crash leaves a home without an authority, or one that is whole.
 *
 * @throws HoldfastError `home_exists`, `home_in_use`, `password_wrong`, `backup_damaged`, `backup_foreign`,
 *   `database_newer`, `storage_full`; `name_not_permitted` for a server that its issuing certificate cannot certify
 */
export async function restoreAuthority(order: RestoreOrder): Promise<Restored> {
  using _lock = await lockHome(order.home);
  if (await hasAuthority(order.home)) throw authorityExists(order.home);
  return await buildAuthority(order.home, async (directory) => {
    const restored = await fill(directory, order);
    if (order.database !== undefined) await moveRecords(directory, order.database);
    return restored;
  });
}

/** Which authority is to go on, and how. */
export interface ResumeOrder extends CatchUpOrder {
  readonly home: string;
  /** What is said of the certificates of before holds for an authority of keys alone. */
  readonly ofKeysAlone: boolean;
  /** Where its records are; in a file of the home unless said. */
  readonly database?: DatabasePlace;
}

/**
 * Lets an authority that was restored and waits learn what happened since its backup.
 * @throws HoldfastError `authority_restored` when it still cannot, `usage` when it does not wait for anything, or is not of
 *   keys alone
 */
export async function resumeRestore({
  home,
  ofKeysAlone,
  database,
  ...order
}: ResumeOrder): Promise<CaughtUp> {
  using _lock = await lockHome(home);
  const directory = authorityDirectory(home);
  if (database === undefined) await existingDatabase(directory);
  await using records = await openRecords(directory, { database });
  const standing = (await records.state.read())?.standing;
  if (ofKeysAlone) await checkKnowsNone(records, home);
  if (standing === 'restored') return await catchUp(records, order);
  throw new HoldfastError('usage', `the authority in ${home} does not wait for its log: it is ${standing}`, {
    hint: 'name a backup to restore into another home: holdfast ca restore FILE --home DIR',
  });
}

async function checkKnowsNone({ certificates }: Records, home: string): Promise<void> {
  if (await certificates.isEmpty()) return;
  throw new HoldfastError('usage', `the authority in ${home} knows what it issued before its backup`, {
    hint: '--re-enrol and --trust-issued are for one of keys alone; here: --mirror PLACE, or --log-is-lost WHY',
  });
}

async function fill(directory: string, order: RestoreOrder): Promise<Restored> {
  const { manifest, keystore } = await unpackBackup(directory, order);
  await using records = await openRecords(directory);
  await check(records, keystore, manifest, order);
  await beginEpoch(records);
  const complete = order.complete === true || manifest.retired;
  const rootFrom = manifest.keys.some(({ label, held }) => held && label.startsWith('root-'))
    ? order.path
    : undefined;
  try {
    const result = await catchUp(records, { ...order, complete, rootFrom });
    const notes = [...result.notes, ...(await rootCameBack(records, keystore))];
    return { manifest, result: { ...result, notes } };
  } catch (error) {
    if (isHoldfastError(error, 'authority_restored')) return { manifest, result: error };
    throw error;
  }
}

/** Whether database, log and keys belong together, and are those of the manifest. */
async function check(
  records: AuthorityRecords,
  keystore: Keystore,
  manifest: BackupManifest,
  { path, clock, names }: RestoreOrder,
): Promise<void> {
  const { network, log, root } = manifest;
  const head = await new AuditLog(records, manifest.epoch, clock).verify();
  if (head.sequence !== log.sequence || head.hash !== log.head)
    throw backupDamaged(path, 'its log does not end where it says');
  const issuer = await readIssuer(records, keystore, { network, statusAddress: '', nowMs: clock.now() });
  if (issuer.root.certificate.fingerprint !== root)
    throw backupDamaged(path, 'its root is another one than it says');
  checkNamesOfServer(issuer.issuing.certificate, names);
}

/**
 * The next epoch, and nothing that was true of another machine. Everything that knows of a higher one is obeyed from
 * here on.
 */
async function beginEpoch(records: AuthorityRecords): Promise<void> {
  await records.transaction(async (tx) => {
    await tx.state.beginEpoch();
    await tx.mirrors.removeAll();
  });
}
